use crate::Folder;

#[test]
fn an_endpoint_for_people() {
    let folder = Folder::fresh();
    let expected = "\
GET /api/books/{id}  web
  A book, and what its readers say
  policies
    auth     none: anybody
    timeout  2s
  calls
    1. book      │━━━━━━━━━━━━━━━━│  books.getBook(id = path.id)                     at once, up to 5s
    1. reviews?  │╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│  books.listReviews(bookId = path.id, limit = 3)  at once, up to 5s
  worst case
    requests  2 requests
    time      5s, and the timeout ends them after 2s
  answer
    id               ← books.getBook: id
    title            ← books.getBook: title
    author.name      ← books.getBook: author.name
    reviews[].stars  ← books.listReviews: items[].stars
    reviews[].text   ← books.listReviews: items[].text
";
    for arguments in [
        &["explain", "web"][..],
        &["explain", "web", "GET /books/{id}"],
        &["explain", "web", "GET  /api/books/{id}"],
    ] {
        let done = folder.bff(arguments);
        done.expect(0, &[], &[]);
        assert_eq!(done.out, expected);
    }
}

#[test]
fn calls_that_wait_and_what_decides() {
    let folder = Folder::fresh();
    folder.edit(
        "specs/web.yaml",
        "defaults: { auth: none, timeout: 2s }",
        "auth: { user: { jwt: { issuer: \"${ISSUER}\", audience: web } } }\ndefaults: { auth: user, timeout: 2s }",
    );
    folder.edit(
        "specs/web.yaml",
        "    calls:",
        "    require: { scopes: [read], where: claims.sub = book.author.name }\n    calls:",
    );
    folder.edit("specs/web.yaml", "bookId = path.id", "bookId = book.id");
    folder.bff(&["explain", "web"]).expect(
        0,
        &[
            "auth     user (jwt)",
            "scopes   all of read",
            "require  claims.sub = book.author.name, once book is there; else 404",
            "1. book      │━━━━━━━━        │",
            "2. reviews?  │        ╌╌╌╌╌╌╌╌│",
            "after book",
            "10s by book → reviews",
        ],
        &[],
    );
    let done = folder.bff(&["explain", "web", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(found[0]["calls"][1]["waits_for"][0], "book");
    assert_eq!(found[0]["calls"][1]["step"], 2);
    assert_eq!(found[0]["calls"][1]["starts"], "5s");
    assert_eq!(found[0]["calls"][1]["ends"], "10s");
    assert_eq!(found[0]["worst"]["requests"], 2);
    assert_eq!(found[0]["answer"][0]["from"], "books.getBook: id");
    let done = folder.bff(&["explain", "web", "--format", "mermaid"]);
    assert_eq!(
        done.out,
        "\
flowchart LR
  request([\"GET /api/books/{id}\"])
  answer([\"answer, at most 2s\"])
  c0[\"book<br>books.getBook<br>5s\"]
  c1[\"reviews<br>books.listReviews<br>5s\"]
  request --> c0
  c0 -.-> c1
  c1 -.-> answer
"
    );
}

#[test]
fn policies_stand_in_the_order_in_which_they_decide() {
    let folder = Folder::fresh();
    folder.edit(
        "specs/web.yaml",
        "defaults: { auth: none, timeout: 2s }",
        "auth: { user: { jwt: { issuer: \"${ISSUER}\", audience: web } } }\n\
         limits: { people: { rate: 2/s }, addresses: { rate: 9/s, per: ip } }\n\
         defaults: { auth: user, limit: [people, addresses] }",
    );
    let done = folder.bff(&["explain", "web"]);
    let policies = "\
  policies
    limit    addresses per ip; else 429
    auth     user (jwt)
    limit    people per subject; else 429
    timeout  10s
";
    done.expect(0, &[policies], &[]);
}

#[test]
fn what_is_asked_for_must_be_there() {
    let folder = Folder::fresh();
    folder.bff(&["explain", "web", "GET /book/{id}"]).expect(
        1,
        &[],
        &["did you mean 'GET /books/{id}'?"],
    );
    folder
        .bff(&["explain", "wb"])
        .expect(1, &[], &["did you mean `web`?"]);
    folder.bff(&["explain"]).expect(2, &[], &["<NAME>"]);
}
