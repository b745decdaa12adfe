use crate::Folder;

fn broken() -> Folder {
    let folder = Folder::fresh();
    folder.edit("specs/web.yaml", "books.getBook", "books.getBok");
    folder
}

#[test]
fn a_sound_workspace_is_quiet() {
    let folder = Folder::fresh();
    let done = folder.bff(&["check"]);
    done.expect(0, &[], &["checked 1 spec: "]);
    assert_eq!(done.out, "");
    let done = folder.bff(&["check", "web", "--quiet"]);
    assert_eq!(
        (done.code, done.out.as_str(), done.err.as_str()),
        (Some(0), "", "")
    );
    folder
        .bff(&["check", "--format", "json"])
        .expect(0, &["[]"], &[]);
    assert_eq!(folder.bff(&["check", "--format", "github"]).out, "");
}

#[test]
fn errors_are_drawn_for_people_on_stderr() {
    let folder = broken();
    let done = folder.bff(&["check"]);
    let line = "10 |       book: books.getBok(id = path.id)";
    let line = line.trim_start_matches("10 |").trim();
    done.expect(
        1,
        &[],
        &[
            "error[E",
            "--> specs/web.yaml:",
            line,
            "did you mean `getBook`?",
            "checked 1 spec: 1 error",
        ],
    );
    assert_eq!(done.out, "");
    assert!(
        !done.err.contains('\u{1b}'),
        "no colours where there is no terminal"
    );
    let done = folder.bff(&["check", "--color", "always"]);
    assert!(done.err.contains('\u{1b}'));
    folder
        .bff(&["check", "--quiet"])
        .expect(1, &[], &["did you mean `getBook`?"]);
}

#[test]
fn errors_are_one_json_array_on_stdout() {
    let done = broken().bff(&["check", "--format", "json"]);
    done.expect(1, &[], &["checked 1 spec: 1 error"]);
    let found: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    let first = &found[0];
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        (&first["severity"], &first["file"]),
        (&"error".into(), &"specs/web.yaml".into())
    );
    let (start, end) = (&first["start"], &first["end"]);
    assert_eq!(start["line"], end["line"]);
    assert_eq!(
        end["column"].as_u64().unwrap() - start["column"].as_u64().unwrap(),
        "getBok".len() as u64
    );
    assert!(first["code"].as_str().unwrap().starts_with('E'));
    assert!(first["help"].as_str().unwrap().contains("getBook"));
    assert!(first["related"].is_array() && first["message"].is_string());
}

#[test]
fn what_two_specs_share_is_told_once() {
    let folder = broken();
    let text = folder.read("specs/web.yaml");
    let (head, endpoints) = text.split_once("defaults:").unwrap();
    let (_, upstreams) = head.split_once("upstreams:").unwrap();
    folder.write(
        "specs/shared.yaml",
        &format!(
            "upstreams:{}",
            upstreams.replace("books.openapi.yaml", "gone.yaml")
        ),
    );
    for name in ["web", "mobile"] {
        folder.write(
            &format!("specs/{name}.yaml"),
            &format!("bff: {name}\nuse: [shared.yaml]\ndefaults:{endpoints}"),
        );
    }
    let done = folder.bff(&["check", "--format", "json"]);
    done.expect(1, &["gone.yaml"], &["checked 2 specs: 1 error"]);
}

#[test]
fn sure_slips_are_mended() {
    let folder = Folder::fresh();
    let right = folder.read("specs/web.yaml");
    folder.edit(
        "specs/web.yaml",
        "books.getBook(id = path.id)",
        "books.getBok(id: path.id)",
    );
    folder.edit("specs/web.yaml", "  GET /", "  get /");
    let done = folder.bff(&["check"]);
    done.expect(1, &[], &["`bff check --fix` mends 1"]);
    let done = folder.bff(&["check", "--fix"]);
    done.expect(0, &[], &["mended specs/web.yaml: ", "checked 1 spec: "]);
    assert_eq!(folder.read("specs/web.yaml"), right);
    let beside = std::fs::read_dir(folder.path().join("specs")).unwrap();
    let names: Vec<_> = beside.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().ends_with(".new")),
        "{names:?}"
    );
}

#[test]
fn what_may_be_meant_otherwise_is_left_to_people() {
    let folder = Folder::fresh();
    folder.edit("specs/web.yaml", "(id = path.id)", "()");
    let wrong = folder.read("specs/web.yaml");
    let done = folder.bff(&["check", "--fix"]);
    done.expect(1, &[], &["add `id = path.id`"]);
    assert!(!done.err.contains("mended"), "{}", done.err);
    assert_eq!(folder.read("specs/web.yaml"), wrong);
}

#[test]
fn contracts_are_never_edited() {
    let folder = Folder::fresh();
    let contract = "specs/upstreams/books.openapi.yaml";
    folder.edit(contract, "  title: Books", "\ttitle: Books");
    let wrong = folder.read(contract);
    let done = folder.bff(&["check", "--fix"]);
    done.expect(1, &[], &["a tab indents this line"]);
    assert!(!done.err.contains("mended"), "{}", done.err);
    assert_eq!(folder.read(contract), wrong);
}
