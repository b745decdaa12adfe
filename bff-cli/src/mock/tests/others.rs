use bff_spec::contract;
use bff_spec::diagnostic::{FileId, Place};
use bff_spec::source::{SourceLoader, Sources};

use super::judge::Judge;
use super::*;

struct Disk(std::path::PathBuf);

impl SourceLoader for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|error| error.to_string())
    }
}

/// Schemas that contradict themselves: here one alternative of a `oneOf` is any object, so that whatever is one of the
/// others is two.
const UNSAYABLE: [(&str, &str); 1] = [("box.json", "/events")];

/// Contracts that others wrote: every operation is asked for, with parameters and a body made from its schemas, and each
/// answer in JSON is held to the contract's schema.
#[test]
fn contracts_of_others_are_answered_whole() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures/openapi");
    if !folder.is_dir() {
        assert!(
            std::env::var_os("BFF_REQUIRE_FIXTURES").is_none(),
            "the fixtures are required and not there"
        );
        println!("skipped: no contracts of others in ../shared/fixtures/openapi");
        return;
    }
    let from = Place {
        file: FileId(0),
        start: 0,
        end: 0,
    };
    let mut wrong = Vec::new();
    let (mut asked, mut judged, mut unsayable) = (0, 0, 0);
    for (name, least) in [
        ("petstore-3.0.yaml", 19),
        ("redocly-museum.yaml", 8),
        ("realworld-conduit.yaml", 19),
        ("netlify-swagger2.yaml", 100),
        ("box.json", 290),
        ("twilio-api-v2010.json", 190),
    ] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let mut judge = Judge::of(&text);
        let mut types = Types::default();
        let loader = Disk(folder.clone());
        let (contract, found) = contract::load(
            &mut Sources::default(),
            &loader,
            name,
            &[],
            from,
            &mut types,
        );
        let contract = contract.unwrap_or_else(|| panic!("{name}: {found:?}"));
        let mut mock = Mock::new(&contract, &types);
        assert!(mock.len() >= least, "{name}: {} operations", mock.len());
        for operation in &contract.operations {
            let mut request = Request {
                method: operation.method.clone(),
                path: operation.path.clone(),
                ..Request::default()
            };
            for parameter in operation
                .parameters
                .iter()
                .filter(|parameter| parameter.required)
            {
                // As somebody asks who has seen an answer.
                let shown = mock.shown(&operation.method, &operation.path, &parameter.name);
                let shown = shown.into_iter().next().map(|(value, _)| value);
                let value = shown.or_else(|| matching::text(&made(&types, parameter.ty)));
                let value = value.unwrap_or_else(|| "x".to_owned());
                let pair = (parameter.name.clone(), value.clone());
                match parameter.location {
                    Location::Path => {
                        request.path = request
                            .path
                            .replace(&format!("{{{}}}", parameter.name), &segment(&value));
                    }
                    Location::Query => request.query.push(pair),
                    Location::Header => request.headers.push(pair),
                    Location::Cookie => request
                        .headers
                        .push(("cookie".to_owned(), format!("{}={value}", pair.0))),
                }
            }
            if let Some(media) = operation
                .body
                .as_ref()
                .and_then(|body| body.content.first())
            {
                request.body = made(&types, media.ty).to_string().into_bytes();
            }
            let answer = mock.answer(&request);
            // What one operation wrote or deleted is nothing to the next.
            mock.memory = Mutex::default();
            let documented = operation
                .responses
                .iter()
                .any(|response| response.first == answer.status);
            let fine = (200..300).contains(&answer.status) || answer.status == 404 && documented;
            asked += 1;
            let route = format!("{name}: {} {}", request.method, operation.path);
            let Some((media, bytes)) = &answer.body else {
                assert!(fine, "{route}: {}", answer.status);
                continue;
            };
            let why = String::from_utf8_lossy(bytes);
            assert!(fine, "{route}: {} {why:?}", answer.status);
            if let Ok(value) = serde_json::from_slice(bytes) {
                let operation = (operation.method.as_str(), operation.path.as_str());
                match judge.of_answer(operation, answer.status, media, &value) {
                    None => {}
                    Some(Ok(())) => judged += 1,
                    Some(Err(_)) if UNSAYABLE.contains(&(name, operation.1)) => unsayable += 1,
                    Some(Err(error)) => wrong.push(format!("{route}: {error}\n{value}")),
                }
            }
        }
    }
    println!("{asked} operations asked, {judged} answers as their schema says");
    assert_eq!(unsayable, UNSAYABLE.len());
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    assert!(
        asked >= 713 && judged >= 568,
        "{asked} asked, {judged} judged"
    );
}
