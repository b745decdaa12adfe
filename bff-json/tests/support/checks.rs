//! What must hold of any bytes: asked by fuzz targets, and by a test of their seeds.

use std::sync::LazyLock;

use bff_json::{Engine, Mode, Options, Scope, Tape, twins_differ};
use bytes::Bytes;
use serde_json::Value;

use super::selection::{Compiled, Selection};

const LIMIT: usize = 1 << 20;

/// Selections that between them use everything a shape can ask for.
pub fn selections() -> Vec<Selection> {
    let fields = |fields: Vec<(&str, Selection)>| {
        Selection::Fields(
            fields
                .into_iter()
                .map(|(name, selection)| (name.to_owned(), selection))
                .collect(),
        )
    };
    let each = |element| Selection::Each(Box::new(element));
    let map = |entry| Selection::Map(Box::new(entry));
    let inner = fields(vec![
        ("a", Selection::Scalar),
        ("b", Selection::Any),
        ("c", Selection::Scalars),
    ]);
    vec![
        Selection::Any,
        fields(vec![("keep", Selection::Scalar)]),
        each(Selection::Scalar),
        map(Selection::Any),
        fields(vec![
            ("a", each(inner.clone())),
            ("b", map(inner.clone())),
            ("c", inner.clone()),
            ("d", each(each(Selection::Scalar))),
            ("e", map(each(inner))),
        ]),
    ]
}

static COMPILED: LazyLock<Vec<(Selection, Compiled)>> = LazyLock::new(|| {
    let compile = |selection: Selection| {
        let compiled = selection.compile();
        (selection, compiled)
    };
    selections().into_iter().map(compile).collect()
});

fn render(compiled: &Compiled, tape: Tape) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    Scope::new(&[tape])
        .render(compiled.template, &mut out, LIMIT)
        .ok()?;
    Some(out)
}

/// Capturing and writing give JSON or an error, in both modes; what strict accepts is JSON.
pub fn capture(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    // serde_json doesn't look at the UTF-8 of what it ignores.
    let valid = std::str::from_utf8(bytes)
        .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    for (_, compiled) in COMPILED.iter() {
        let mut texts = Vec::new();
        for mode in [Mode::Fast, Mode::Strict] {
            let options = Options {
                mode,
                ..Options::default()
            };
            match compiled.shape.capture(body.clone(), &options) {
                Ok(tape) => texts.push(render(compiled, tape)),
                Err(error) => assert!(error.offset <= bytes.len(), "{error}"),
            }
            if mode == Mode::Strict && texts.len() == 2 {
                assert_eq!(texts[0], texts[1], "modes differ");
            }
        }
        for text in texts.into_iter().flatten() {
            // Only bytes are checked here, not what serde_json makes of numbers and lone surrogates.
            let text = std::str::from_utf8(&text).expect("UTF-8");
            serde_json::from_str::<serde::de::IgnoredAny>(text).expect("JSON");
        }
        if valid && body.len() < 1 << 16 {
            let strict = Options {
                mode: Mode::Strict,
                ..Options::default()
            };
            let error = compiled.shape.capture(body.clone(), &strict).err();
            assert!(
                error.is_none_or(|error| error.kind == bff_json::ErrorKind::TooDeep),
                "valid JSON refused: {error:?}"
            );
        }
    }
}

/// The vector routines and their twins agree, and so do whole captures with either.
pub fn engines(bytes: &[u8]) {
    for at in 0..bytes.len().min(200) {
        assert_eq!(twins_differ(bytes, at), None, "at {at}");
    }
    let body = Bytes::copy_from_slice(bytes);
    for (_, compiled) in COMPILED.iter() {
        let run = |engine| {
            let options = Options {
                engine,
                ..Options::default()
            };
            let captured = compiled.shape.capture(body.clone(), &options);
            captured.map(|tape| render(compiled, tape))
        };
        assert_eq!(run(Engine::Detect), run(Engine::Portable));
    }
}

/// Of what serde_json parses, every selection gives what it gives of the tree.
pub fn oracle(bytes: &[u8]) {
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let body = Bytes::copy_from_slice(bytes);
    for (selection, compiled) in COMPILED.iter() {
        for mode in [Mode::Fast, Mode::Strict] {
            let options = Options {
                mode,
                ..Options::default()
            };
            let tape = match compiled.shape.capture(body.clone(), &options) {
                Ok(tape) => tape,
                // serde_json counts depth a little differently.
                Err(error) if error.kind == bff_json::ErrorKind::TooDeep => continue,
                Err(error) => panic!("{error}"),
            };
            let Some(text) = render(compiled, tape) else {
                continue;
            };
            let ours: Value = serde_json::from_slice(&text).expect("JSON");
            assert_eq!(ours, selection.apply(Some(&document)), "{selection:?}");
        }
    }
}
