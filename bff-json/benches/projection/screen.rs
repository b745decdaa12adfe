//! A user's screen: three answers captured, one written. The records are those of `bench`, the tables what its spec
//! (`bench/gateway/specs/screen.yaml`) is generated to.

use std::collections::HashMap;

use bff_json::{
    Block, Elements, Entry, Fields, Hop, Key, Kinds, Match, Node, Operand, Options, Path, Pick,
    Scope, Shape, Template,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::records;
use crate::tables::{LIMIT, TAPES};
use crate::trees::Text;

/// A user, their orders and what is recommended to them, as upstreams send them.
pub fn bodies() -> [Bytes; 3] {
    [
        serde_json::to_vec(&records::user(0)),
        serde_json::to_vec(&records::orders(0)),
        serde_json::to_vec(&records::recommendations(0)),
    ]
    .map(|body| Bytes::from(body.unwrap()))
}

const fn scalar(name: &'static str, slot: u16, kinds: Kinds) -> Key {
    Key::required(name, Node::scalar(name, slot, kinds))
}

const fn object(name: &'static str, first: u16, end: u16, fields: &'static Fields) -> Key {
    Key::required(name, Node::object(name, first, end, fields))
}

/// An object that is written if it is there: the slot before its fields' says so.
const fn marked(name: &'static str, slot: u16, end: u16, fields: &'static Fields) -> Key {
    Key::required(name, Node::object(name, slot, end, fields).own(slot))
}

const fn list(name: &'static str, elements: &'static Elements) -> Key {
    Key::required(name, Node::list(name, elements))
}

static USER: Shape = Shape::new(
    5,
    Node::object(
        "",
        0,
        5,
        &Fields::of(&[
            scalar("id", 0, Kinds::STRING),
            scalar("name", 1, Kinds::STRING),
            scalar("email", 2, Kinds::STRING),
            object(
                "profile",
                3,
                4,
                &Fields::of(&[scalar("imageUrl", 3, Kinds::STRING)]),
            ),
            object(
                "loyalty",
                4,
                5,
                &Fields::of(&[scalar("tier", 4, Kinds::STRING)]),
            ),
        ]),
    ),
);

static LINES: Elements = Elements::new(
    6,
    3,
    Node::object(
        "items[].lines[]",
        0,
        3,
        &Fields::of(&[
            scalar("sku", 0, Kinds::STRING),
            scalar("name", 1, Kinds::STRING),
            scalar("qty", 2, Kinds::INTEGER),
        ]),
    ),
);

static ORDERS: Shape = Shape::new(
    1,
    Node::object(
        "",
        0,
        1,
        &Fields::of(&[list(
            "items",
            &Elements::new(
                0,
                7,
                Node::object(
                    "items[]",
                    0,
                    7,
                    &Fields::of(&[
                        scalar("id", 0, Kinds::STRING),
                        scalar("status", 1, Kinds::STRING),
                        scalar("placedAt", 2, Kinds::STRING),
                        marked(
                            "total",
                            3,
                            6,
                            &Fields::of(&[
                                scalar("amount", 4, Kinds::NUMBER),
                                scalar("currency", 5, Kinds::STRING),
                            ]),
                        ),
                        list("lines", &LINES),
                    ]),
                ),
            ),
        )]),
    ),
);

static IMAGES: Elements = Elements::new(
    6,
    1,
    Node::object(
        "items[].images[]",
        0,
        1,
        &Fields::of(&[scalar("url", 0, Kinds::STRING)]),
    ),
)
.first(1);

static PRODUCT: Elements = Elements::new(
    0,
    12,
    Node::object(
        "items[]",
        0,
        12,
        &Fields::of(&[
            scalar("sku", 0, Kinds::STRING),
            scalar("name", 1, Kinds::STRING),
            scalar("brand", 2, Kinds::STRING),
            marked(
                "price",
                3,
                6,
                &Fields::of(&[
                    scalar("amount", 4, Kinds::NUMBER),
                    scalar("currency", 5, Kinds::STRING),
                ]),
            ),
            list("images", &IMAGES),
            marked(
                "rating",
                7,
                10,
                &Fields::of(&[
                    scalar("average", 8, Kinds::NUMBER),
                    scalar("count", 9, Kinds::INTEGER),
                ]),
            ),
            scalar("reason", 10, Kinds::STRING),
            scalar("sellerId", 11, Kinds::STRING),
        ]),
    ),
);

static SELLERS: Elements = Elements::new(
    1,
    3,
    Node::object(
        "sellers[]",
        0,
        3,
        &Fields::of(&[
            scalar("id", 0, Kinds::STRING),
            scalar("name", 1, Kinds::STRING),
            scalar("rating", 2, Kinds::NUMBER),
        ]),
    ),
);

static RECOMMENDED: Shape = Shape::new(
    2,
    Node::object(
        "",
        0,
        2,
        &Fields::of(&[list("items", &PRODUCT), list("sellers", &SELLERS)]),
    ),
);

const fn copy(key: &'static str, slot: u16) -> Entry {
    // Only what is used is kept; sixteen slots are more than a frame has here.
    const VALUES: [[Hop; 1]; 16] = {
        let mut values = [const { [Hop::Value(0)] }; 16];
        let mut slot = 0;
        while slot < 16 {
            values[slot] = [Hop::Value(slot as u16)];
            slot += 1;
        }
        values
    };
    static HOPS: [[Hop; 1]; 16] = VALUES;
    Entry::field(key, Template::copy(Path::here(&HOPS[slot as usize])))
}

static ANSWER: Template = Template::Block(&Block::Fields(&[
    Entry::field(
        "\"user\":",
        Template::select(
            Path::tape(0, &[]),
            &Block::Fields(&[
                copy("\"id\":", 0),
                copy("\"name\":", 1),
                copy("\"email\":", 2),
                copy("\"avatar\":", 3),
                copy("\"tier\":", 4),
            ]),
        ),
    ),
    Entry::field(
        "\"orders\":",
        Template::select(
            Path::tape(1, &[Hop::Each(0, Pick::All)]),
            &Block::Fields(&[
                copy("\"id\":", 0),
                copy("\"status\":", 1),
                copy("\"placedAt\":", 2),
                Entry::field(
                    "\"total\":",
                    Template::select(
                        Path::here(&[Hop::Value(3)]),
                        &Block::Fields(&[copy("\"amount\":", 4), copy("\"currency\":", 5)]),
                    ),
                ),
                Entry::field(
                    "\"lines\":",
                    Template::select(
                        Path::here(&[Hop::Each(6, Pick::All)]),
                        &Block::Fields(&[
                            copy("\"sku\":", 0),
                            copy("\"name\":", 1),
                            copy("\"qty\":", 2),
                        ]),
                    ),
                ),
            ]),
        ),
    ),
    Entry::field(
        "\"picks\":",
        Template::select(
            Path::tape(2, &[Hop::Each(0, Pick::All)]),
            &Block::Fields(&[
                copy("\"sku\":", 0),
                copy("\"name\":", 1),
                copy("\"brand\":", 2),
                Entry::field(
                    "\"price\":",
                    Template::select(
                        Path::here(&[Hop::Value(3)]),
                        &Block::Fields(&[copy("\"amount\":", 4), copy("\"currency\":", 5)]),
                    ),
                ),
                Entry::field(
                    "\"image\":",
                    Template::copy(Path::here(&[Hop::Each(6, Pick::Index(0)), Hop::Value(0)])),
                ),
                Entry::field(
                    "\"rating\":",
                    Template::select(
                        Path::here(&[Hop::Value(7)]),
                        &Block::Fields(&[copy("\"average\":", 8), copy("\"count\":", 9)]),
                    ),
                ),
                copy("\"reason\":", 10),
                Entry::field(
                    "\"seller\":",
                    Template::select(
                        Path::tape(
                            2,
                            &[Hop::Each(
                                1,
                                Pick::First(&Match {
                                    keys: &[(0, Operand::Path(Path::here(&[Hop::Value(11)])))],
                                }),
                            )],
                        ),
                        &Block::Fields(&[copy("\"name\":", 1), copy("\"rating\":", 2)]),
                    ),
                ),
            ]),
        ),
    ),
]));

pub fn tables(bodies: &[Bytes; 3], options: &Options, out: &mut Vec<u8>) {
    TAPES.with_borrow_mut(|tapes| {
        for ((tape, shape), body) in tapes
            .iter_mut()
            .zip([&USER, &ORDERS, &RECOMMENDED])
            .zip(bodies)
        {
            shape.capture_into(tape, body.clone(), options).unwrap();
        }
        Scope::new(tapes).render(&ANSWER, out, LIMIT).unwrap();
    });
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    profile: Profile<'a>,
    #[serde(borrow)]
    loyalty: Loyalty<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(borrow)]
    image_url: Text<'a>,
}

#[derive(Deserialize)]
struct Loyalty<'a> {
    #[serde(borrow)]
    tier: Text<'a>,
}

#[derive(Deserialize)]
struct Orders<'a> {
    #[serde(borrow)]
    items: Vec<Order<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    placed_at: Text<'a>,
    #[serde(borrow)]
    total: Money<'a>,
    #[serde(borrow)]
    lines: Vec<Line<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    sku: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    qty: u64,
}

#[derive(Serialize, Deserialize)]
struct Money<'a> {
    amount: f64,
    #[serde(borrow)]
    currency: Text<'a>,
}

#[derive(Deserialize)]
struct Recommended<'a> {
    #[serde(borrow)]
    items: Vec<Product<'a>>,
    #[serde(borrow)]
    sellers: Vec<Seller<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product<'a> {
    #[serde(borrow)]
    sku: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    brand: Text<'a>,
    #[serde(borrow)]
    price: Money<'a>,
    #[serde(borrow)]
    images: Vec<Image<'a>>,
    rating: Rating,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    seller_id: Text<'a>,
}

#[derive(Deserialize)]
struct Image<'a> {
    #[serde(borrow)]
    url: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Rating {
    average: f64,
    count: u64,
}

#[derive(Serialize, Deserialize)]
struct Seller<'a> {
    #[serde(borrow, skip_serializing)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    rating: f64,
}

#[derive(Serialize)]
struct Account<'a> {
    id: Text<'a>,
    name: Text<'a>,
    email: Text<'a>,
    avatar: Text<'a>,
    tier: Text<'a>,
}

#[derive(Serialize)]
struct Screen<'a> {
    user: Account<'a>,
    orders: Vec<Order<'a>>,
    picks: Vec<Offer<'a>>,
}

#[derive(Serialize)]
struct Offer<'a> {
    sku: Text<'a>,
    name: Text<'a>,
    brand: Text<'a>,
    price: Money<'a>,
    image: Option<Text<'a>>,
    rating: Rating,
    reason: Text<'a>,
    seller: Option<&'a Seller<'a>>,
}

pub fn typed([user, orders, recommended]: &[Bytes; 3], out: &mut Vec<u8>) {
    let user: User<'_> = serde_json::from_slice(user).unwrap();
    let orders: Orders<'_> = serde_json::from_slice(orders).unwrap();
    let Recommended { items, sellers } = serde_json::from_slice(recommended).unwrap();
    let by_id: HashMap<&str, &Seller<'_>> = sellers
        .iter()
        .map(|seller: &Seller<'_>| (&*seller.id, seller))
        .collect();
    let picks = items
        .into_iter()
        .map(|item: Product<'_>| Offer {
            seller: by_id.get(&*item.seller_id).copied(),
            sku: item.sku,
            name: item.name,
            brand: item.brand,
            price: item.price,
            image: item.images.into_iter().next().map(|image| image.url),
            rating: item.rating,
            reason: item.reason,
        })
        .collect();
    let screen = Screen {
        user: Account {
            id: user.id,
            name: user.name,
            email: user.email,
            avatar: user.profile.image_url,
            tier: user.loyalty.tier,
        },
        orders: orders.items,
        picks,
    };
    serde_json::to_writer(out, &screen).unwrap();
}
