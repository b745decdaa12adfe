use crate::Folder;

#[test]
fn the_workspace_is_found_from_below() {
    let folder = Folder::fresh();
    folder.write("src/deep/", "");
    for below in [".", "specs", "specs/upstreams", "src/deep"] {
        folder
            .bff_in(below, &["check"])
            .expect(0, &[], &["checked 1 spec: "]);
    }
}
