use super::*;
use bff_spec::diagnostic::Code;

const SPEC: &str = "bff: web\nbase: /äpi\nnope: 1, 2\n";

fn place(sources: &Sources, file: &str, text: &str) -> Place {
    let id = sources.find(file).unwrap();
    let start = sources.get(id).unwrap().text.find(text).unwrap();
    Place {
        file: id,
        start: start as u32,
        end: (start + text.len()) as u32,
    }
}

fn findings() -> (Findings, Arc<Sources>) {
    let mut sources = Sources::default();
    sources.add("specs/web.yaml", SPEC);
    sources.add("specs/a,b.yaml", "fragments:\n  Money: x\n");
    let at = |file, text| place(&sources, file, text);
    let found = vec![
        Diagnostic::new(
            Code::Yaml,
            at("specs/web.yaml", "äpi"),
            "not a key: `100%`\nat all",
        )
        .help("write `api`")
        .related(at("specs/web.yaml", "bff"), "the spec starts here")
        .related(at("specs/a,b.yaml", "Money"), "and this has to do with it"),
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::new(Code::FileUnreadable, at("specs/a,b.yaml", "Money"), "odd")
        }
        .fix(at("specs/a,b.yaml", "Money"), "Cash"),
    ];
    let sources = Arc::new(sources);
    let mut findings = Findings::default();
    findings.add(found.clone(), &sources);
    // A second spec that shares the file finds the same.
    findings.add(found, &sources);
    (findings, sources)
}

#[test]
fn the_same_finding_is_held_once() {
    let (findings, _) = findings();
    assert_eq!(findings.count(Severity::Error), 1);
    assert_eq!(findings.summary(), "1 error, 1 warning");
    assert_eq!(Findings::default().summary(), "nothing to report");
}

#[test]
fn json_has_the_documented_fields() {
    let (findings, _) = findings();
    let text = json::render(findings.iter());
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        value,
        serde_json::json!([
            {
                "code": "E0101", "severity": "error", "message": "not a key: `100%`\nat all",
                "file": "specs/web.yaml",
                "start": { "line": 2, "column": 8 }, "end": { "line": 2, "column": 11 },
                "help": "write `api`",
                "related": [
                    {
                        "message": "the spec starts here", "file": "specs/web.yaml",
                        "start": { "line": 1, "column": 1 }, "end": { "line": 1, "column": 4 },
                    },
                    {
                        "message": "and this has to do with it", "file": "specs/a,b.yaml",
                        "start": { "line": 2, "column": 3 }, "end": { "line": 2, "column": 8 },
                    },
                ],
                "edits": [],
            },
            {
                "code": "E0001", "severity": "warning", "message": "odd", "file": "specs/a,b.yaml",
                "start": { "line": 2, "column": 3 }, "end": { "line": 2, "column": 8 },
                "help": null, "related": [],
                "edits": [{
                    "file": "specs/a,b.yaml",
                    "start": { "line": 2, "column": 3 }, "end": { "line": 2, "column": 8 },
                    "text": "Cash", "sure": true,
                }],
            },
        ])
    );
    assert_eq!(json::render(std::iter::empty()), "[]\n");
}

#[test]
fn github_annotations_are_one_escaped_line_each() {
    let (findings, _) = findings();
    let lines: Vec<String> = findings.iter().map(|(d, s)| github::render(d, s)).collect();
    assert_eq!(
        lines,
        [
            "::error file=specs/web.yaml,line=2,col=8,endLine=2,endColumn=11,title=E0101\
             ::not a key: `100%25`%0Aat all%0Ahelp: write `api`",
            "::warning file=specs/a%2Cb.yaml,line=2,col=3,endLine=2,endColumn=8,title=E0001::odd",
        ]
    );
}

#[test]
fn people_see_the_lines_and_the_help() {
    let (findings, _) = findings();
    let text: String = findings
        .iter()
        .map(|(d, s)| human::render(d, s, false) + "\n\n")
        .collect();
    for part in [
        "error[E0101]: not a key",
        "--> specs/web.yaml:2:8",
        "2 | base: /äpi",
        "the spec starts here",
        "specs/a,b.yaml:2:3",
        "and this has to do with it",
        "help: write `api`",
        "warning[E0001]: odd",
        "+   Cash: x",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    let (first, sources) = findings.iter().next().unwrap();
    assert!(human::render(first, sources, true).contains('\u{1b}'));
}

#[test]
fn a_place_outside_its_file_is_drawn_all_the_same() {
    let mut sources = Sources::default();
    let file = sources.add("specs/web.yaml", "ä");
    for (start, end) in [(0, 0), (1, 1), (1, 9), (7, 9), (9, 7)] {
        let diagnostic = Diagnostic::new(Code::Yaml, Place { file, start, end }, "x");
        assert!(human::render(&diagnostic, &sources, false).contains("error[E0101]: x"));
    }
    let nowhere = Place {
        file: bff_spec::diagnostic::FileId(7),
        start: 0,
        end: 1,
    };
    assert!(
        human::render(&Diagnostic::new(Code::Yaml, nowhere, "x"), &sources, false)
            .contains("error[E0101]: x")
    );
}
