use crate::Folder;

#[test]
fn the_schema_is_printed_written_and_kept_true() {
    let folder = Folder::with(&[]);
    let printed = folder.bff(&["schema"]);
    printed.expect(0, &["https://json-schema.org/draft/2020-12/schema"], &[]);
    folder
        .bff(&["schema", "--write"])
        .expect(1, &[], &["error: no workspace in"]);

    let folder = Folder::fresh();
    let first = folder.read("specs/web.yaml");
    let first = first.lines().next().unwrap();
    assert_eq!(first, "# yaml-language-server: $schema=bff.schema.json");
    assert_eq!(folder.read("specs/bff.schema.json"), printed.out);
    folder
        .bff(&["schema", "--write"])
        .expect(0, &[], &["specs/bff.schema.json is up to date"]);

    folder.bff(&["generate"]).expect(0, &[], &[]);
    folder.write("specs/bff.schema.json", "{}");
    folder
        .bff(&["generate", "--check"])
        .expect(1, &["specs/bff.schema.json: stale"], &[]);
    folder
        .bff(&["generate"])
        .expect(0, &[], &["Wrote specs/bff.schema.json"]);
    assert_eq!(folder.read("specs/bff.schema.json"), printed.out);

    std::fs::remove_file(folder.path().join("specs/bff.schema.json")).unwrap();
    folder.bff(&["generate", "--check"]).expect(0, &[], &[]);
    folder.bff(&["schema", "--write"]).expect(
        0,
        &[],
        &["Wrote specs/bff.schema.json", "Next: ", first],
    );
}
