//! Bodies as upstreams send them: compact, with prose, some of it not ASCII, some with escapes.

use std::fmt::Write;

const ADJECTIVES: [&str; 8] = [
    "Light",
    "Sturdy",
    "Classic",
    "Folding",
    "Waterproof",
    "Zusätzlicher",
    "Large",
    "Recycled",
];
const NOUNS: [&str; 8] = [
    "rain jacket",
    "travel mug",
    "desk lamp",
    "rucksack",
    "café table",
    "bicycle bell",
    "notebook",
    "wool blanket",
];
const PROSE: [&str; 5] = [
    "Made for long days outside: taped seams, a hood that follows the head and pockets that stay dry even when everything else does not.",
    "The handle folds flat, so it fits into the cup holder of any car.\\nDishwasher safe, and guaranteed for \\\"ten years of coffee\\\".",
    "Ein Klassiker, überarbeitet: wärmeres Licht, ein längeres Kabel und ein Schirm aus recyceltem Papier, der sich ohne Werkzeug wechseln lässt.",
    "Tested by couriers in four cities. Carries 25 litres and a 15 inch laptop, and has a compartment for shoes which nobody asked for but everybody uses.",
    "Numbered pages, a table of contents and paper that does not mind a fountain pen.",
];

/// A list of `count` products, each of about 560 bytes, of which a frontend wants about a fifth.
pub fn recommendations(count: usize) -> String {
    let mut body = String::from(
        r#"{"customerId":"c-20417","generatedAt":"2026-11-23T09:12:44.120Z","model":{"name":"als-2026-10","version":"4.2.1","features":["views","orders","season"]},"items":["#,
    );
    for i in 0..count {
        if i > 0 {
            body.push(',');
        }
        let (adjective, noun, prose) = (ADJECTIVES[i * 5 % 8], NOUNS[i * 3 % 8], PROSE[i * 2 % 5]);
        write!(
            body,
            concat!(
                r#"{{"productId":"sku-{id:05}","score":0.{score:04},"name":"{adjective} {noun}","#,
                r#""description":"{prose}","#,
                r#""price":{{"amount":{amount},"currency":"EUR","taxIncluded":true,"listAmount":{list}}},"#,
                r#""images":[{{"url":"https://cdn.example.com/p/{id:05}/main.webp","width":1200,"height":900}}],"#,
                r#""tags":["outdoor","new","{noun}"],"#,
                r#""vendor":{{"id":"v-{vendor}","name":"Nordlicht & Söhne","rating":4.{rating}}},"#,
                r#""availability":{{"inStock":{stock},"quantity":{quantity},"warehouse":"HAM-2"}}}}"#
            ),
            id = i * 37 % 1000 + 1,
            score = 9999 - i * 61 % 5000,
            adjective = adjective,
            noun = noun,
            prose = prose,
            amount = 990 + i * 410 % 9000,
            list = 1290 + i * 410 % 9000,
            vendor = i % 13,
            rating = i % 10,
            stock = i % 7 != 0,
            quantity = i * 11 % 240,
        )
        .unwrap();
    }
    body.push_str(r#"],"next":null}"#);
    body
}

/// One customer, about a kilobyte.
pub fn user() -> String {
    concat!(
        r#"{"id":"c-20417","tenant":"shop-eu","createdAt":"2021-04-02T11:20:00Z","updatedAt":"2026-11-20T17:41:09Z","#,
        r#""email":"marie.curie@example.com","emailVerified":true,"phone":null,"name":"Marie Skłodowska Curie","#,
        r#""locale":"fr-FR","timezone":"Europe/Paris","roles":["customer","beta"],"#,
        r#""profile":{"imageUrl":"https://cdn.example.com/u/20417/avatar.webp","bio":"Reads, cycles,\nwrites \"reviews\".","birthday":"1867-11-07","newsletter":false},"#,
        r#""addresses":[{"label":"home","street":"12 rue de la Glacière","zip":"75013","city":"Paris","country":"FR","default":true},"#,
        r#"{"label":"office","street":"1 rue Victor Cousin","zip":"75005","city":"Paris","country":"FR","default":false}],"#,
        r#""loyalty":{"tier":"gold","points":18240,"since":"2022-01-01","history":[{"year":2024,"points":5120},{"year":2025,"points":7310}]},"#,
        r#""settings":{"theme":"dark","currency":"EUR","notifications":{"orders":true,"offers":false,"channels":["mail","push"]}},"flags":0}"#
    )
    .to_owned()
}

/// An order of `count` lines, to be joined with products.
pub fn lines(count: usize) -> String {
    let mut body = String::from(r#"{"id":"o-881","status":"shipped","lines":["#);
    for i in 0..count {
        if i > 0 {
            body.push(',');
        }
        let id = (i * 7 % count) * 37 % 1000 + 1;
        write!(
            body,
            r#"{{"line":{i},"sku":"sku-{id:05}","qty":{},"gift":false,"note":null}}"#,
            i % 4 + 1
        )
        .unwrap();
    }
    body.push_str("]}");
    body
}
