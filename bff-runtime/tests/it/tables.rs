//! The tables of a small gateway, as a generator would write them.

use std::collections::BTreeMap;
use std::time::Duration;

use bff_runtime::json::{
    Absent, Block, Condition, Elements, Entry, Fields, Frame, Hop, Key, Kinds, Match, Node,
    Operand, Path, Pick, Root, Shape, Template,
};
use bff_runtime::plan::*;
use bff_runtime::{Running, Server, Settings};

use crate::upstream::Upstream as Scripted;

/// Starts a gateway whose upstreams are these.
pub(crate) async fn start(bff: &'static Bff, alpha: &Scripted, beta: &Scripted) -> Running {
    start_with(
        bff,
        &[
            ("ALPHA_URL", &alpha.url()),
            ("BETA_URL", &format!("{}/v1", beta.url())),
        ],
    )
    .await
}

/// Starts a gateway with these variables.
pub(crate) async fn start_with(bff: &'static Bff, variables: &[(&str, &str)]) -> Running {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Server::start(bff, Settings::local(variables))
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) const fn text(name: &'static str, slot: u16) -> Key {
    Key {
        name,
        required: false,
        node: Node::scalar(name, slot, Kinds::STRING),
    }
}

pub(crate) const fn number(name: &'static str, slot: u16) -> Key {
    Key {
        name,
        required: false,
        node: Node::scalar(name, slot, Kinds::NUMBER),
    }
}

pub(crate) const fn value(tape: u8, hops: &'static [Hop]) -> Template {
    Template::Copy {
        path: Path {
            root: Root::Tape(tape),
            hops,
        },
        default: None,
    }
}

pub(crate) const fn own(hops: &'static [Hop]) -> Template {
    Template::Copy {
        path: Path {
            root: Root::Current,
            hops,
        },
        default: None,
    }
}

pub(crate) const fn field(key: &'static str, value: Template) -> Entry {
    Entry::Field {
        key,
        value,
        absent: Absent::Null,
    }
}

pub(crate) const fn upstream(name: &'static str, url: Text) -> Upstream {
    Upstream {
        name,
        url,
        timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(2),
        retry_budget: 20,
        headers: &[],
        identity: Identity::None,
        body_limit: 1 << 20,
        strict: false,
    }
}

pub(crate) const fn query(name: &'static str, path: Path) -> Argument {
    argument(Place::Query, name, path)
}

pub(crate) const fn argument(place: Place, name: &'static str, path: Path) -> Argument {
    Argument {
        place,
        name,
        value: Value::Path {
            path,
            default: None,
        },
        style: Style::Repeat,
        required: true,
    }
}

pub(crate) const fn input(place: Place, name: &'static str, slot: u16, kind: Scalar) -> Input {
    Input {
        place,
        name,
        slot,
        rules: Rules::of(kind),
        list: None,
        required: true,
        default: None,
    }
}

pub(crate) const fn path(tape: u8, hops: &'static [Hop]) -> Path {
    Path {
        root: Root::Tape(tape),
        hops,
    }
}

pub(crate) const fn call(
    name: &'static str,
    operation: &'static Operation,
    arguments: &'static [Argument],
) -> Call {
    Call {
        name,
        operation,
        optional: false,
        needs: 0,
        after: 0,
        write: false,
        arguments,
        body: None,
        fan: Fan::One {
            list_argument: None,
            list_answer: false,
        },
        when: None,
        timeout: None,
        retry: 0,
        shape: None,
        headers: &[],
        errors: &[],
        client_input: true,
        client_argument: true,
        bodiless: &[],
    }
}

pub(crate) const OPEN: Policies = Policies {
    auth: &[],
    scopes: &[],
    roles: &[],
    require: &[],
    limits: &[],
    headers: &[],
    timeout: Duration::from_secs(20),
    body_limit: 1024,
};

pub(crate) const NO_INPUTS: Inputs = Inputs {
    width: 0,
    items: &[],
};

pub(crate) const fn get(
    pattern: &'static str,
    segments: &'static [Segment],
    inputs: Inputs,
    handler: bff_runtime::Handler,
) -> Route {
    Route {
        method: Some("GET"),
        pattern,
        segments,
        when: None,
        policies: OPEN,
        inputs,
        body: None,
        passes: false,
        handler,
    }
}

pub(crate) const fn bff(routes: &'static [Route]) -> Bff {
    Bff {
        name: "test",
        spec: "specs/test.yaml",
        variables: &[
            Variable {
                name: "ALPHA_URL",
                default: None,
                secret: false,
            },
            Variable {
                name: "BETA_URL",
                default: None,
                secret: false,
            },
        ],
        upstreams: UPSTREAMS,
        schemes: &[],
        routes,
        server: bff_runtime::plan::Server {
            strict: false,
            body_limit: 1024,
            trusted_proxies: 0,
            ..bff_runtime::plan::Server::USUAL
        },
        openapi: "openapi: 3.1.0\n",
    }
}

static BOTH: [&Upstream; 2] = [&ALPHA, &BETA];
const UPSTREAMS: &[&Upstream] = &BOTH;
pub(crate) static ALPHA: Upstream = upstream("alpha", Text(&[Part::Variable("ALPHA_URL", None)]));
pub(crate) static BETA: Upstream = Upstream {
    headers: &[(
        "x-api-key",
        Text(&[Part::Literal("key-"), Part::Variable("BETA_KEY", Some("1"))]),
    )],
    ..upstream("beta", Text(&[Part::Variable("BETA_URL", None)]))
};

macro_rules! handler {
    ($plan:ident) => {
        |exchange: bff_runtime::Exchange| {
            Box::pin(async move { exchange.run(&$plan).await?.reply() })
        }
    };
}
pub(crate) use handler;

pub(crate) static GET_USER: Operation = Operation {
    upstream: &ALPHA,
    id: "getUser",
    method: "GET",
    path: &[PathPart::Literal("/users/"), PathPart::Argument("id")],
};
pub(crate) static LIST_ORDERS: Operation = Operation {
    upstream: &ALPHA,
    id: "listOrders",
    method: "GET",
    path: &[PathPart::Literal("/orders")],
};
pub(crate) static GET_PRODUCTS: Operation = Operation {
    upstream: &BETA,
    id: "getProducts",
    method: "GET",
    path: &[PathPart::Literal("/products")],
};
pub(crate) static GET_STOCK: Operation = Operation {
    upstream: &BETA,
    id: "getStock",
    method: "GET",
    path: &[PathPart::Literal("/stock/"), PathPart::Argument("sku")],
};
pub(crate) static RECOMMEND: Operation = Operation {
    upstream: &BETA,
    id: "recommend",
    method: "GET",
    path: &[PathPart::Literal("/picks")],
};

/// `{ id name }`
pub(crate) static USER: Shape = Shape {
    root: Frame {
        width: 2,
        node: Node::object(
            "",
            0,
            2,
            &Fields {
                keys: &[text("id", 0), text("name", 1)],
                rest: None,
            },
        ),
    },
};

static LINE: Fields = Fields {
    keys: &[text("sku", 0), number("qty", 1)],
    rest: None,
};
static LINES: Elements = Elements {
    slot: 1,
    first: Elements::ALL,
    frame: Frame {
        width: 2,
        node: Node::object("[].lines[]", 0, 2, &LINE),
    },
};
static ORDER: Fields = Fields {
    keys: &[
        text("id", 0),
        Key {
            name: "lines",
            required: false,
            node: Node::list("[].lines", &LINES),
        },
    ],
    rest: None,
};
static ORDER_LIST: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 2,
        node: Node::object("[]", 0, 2, &ORDER),
    },
};
/// `[{ id lines [{ sku qty }] }]`
pub(crate) static ORDERS: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::list("", &ORDER_LIST),
    },
};

static PRODUCT: Fields = Fields {
    keys: &[text("sku", 0), text("title", 1)],
    rest: None,
};
static PRODUCT_LIST: Elements = Elements {
    slot: 0,
    first: Elements::ALL,
    frame: Frame {
        width: 2,
        node: Node::object("[]", 0, 2, &PRODUCT),
    },
};
/// `[{ sku title }]`
pub(crate) static PRODUCTS: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::list("", &PRODUCT_LIST),
    },
};

/// `{ count }`
pub(crate) static STOCK: Shape = Shape {
    root: Frame {
        width: 1,
        node: Node::object(
            "",
            0,
            1,
            &Fields {
                keys: &[number("count", 0)],
                rest: None,
            },
        ),
    },
};

pub(crate) const USER_INPUT: Inputs = Inputs {
    width: 1,
    items: &[input(Place::Query, "user", 0, Scalar::String)],
};

const SKUS: Path = path(
    4,
    &[
        Hop::Each(0, Pick::All),
        Hop::Each(1, Pick::All),
        Hop::Value(0),
    ],
);

/// user; orders; products from orders in batches of two; picks?
pub(crate) static HOME: Plan = Plan {
    calls: &[
        Call {
            shape: Some(&USER),
            ..call(
                "user",
                &GET_USER,
                &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))],
            )
        },
        Call {
            shape: Some(&ORDERS),
            ..call(
                "orders",
                &LIST_ORDERS,
                &[query("customer", path(0, &[Hop::Value(0)]))],
            )
        },
        Call {
            shape: Some(&PRODUCTS),
            needs: 0b10,
            fan: Fan::Split {
                argument: 0,
                items: 2,
                parallel: 2,
                max: 3,
                list_answer: true,
            },
            client_argument: false,
            ..call("products", &GET_PRODUCTS, &[query("ids", SKUS)])
        },
        Call {
            shape: Some(&USER),
            optional: true,
            ..call(
                "picks",
                &RECOMMEND,
                &[query("for", path(0, &[Hop::Value(0)]))],
            )
        },
    ],
    require: &[],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&HOME_ANSWER),
    },
};

static BY_SKU: Match = Match {
    keys: &[(
        0,
        Operand::Path(Path {
            root: Root::Current,
            hops: &[Hop::Value(0)],
        }),
    )],
};
static HOME_ANSWER: Template = Template::Block(&Block::Fields(&[
    field("\"user\":", value(3, &[Hop::Value(1)])),
    field(
        "\"orders\":",
        Template::Select {
            path: path(4, &[Hop::Each(0, Pick::All)]),
            block: &HOME_ORDER,
            default: None,
        },
    ),
    field("\"pick\":", value(6, &[Hop::Value(1)])),
]));
static HOME_ORDER: Block = Block::Fields(&[
    field("\"id\":", own(&[Hop::Value(0)])),
    field(
        "\"lines\":",
        Template::Select {
            path: Path {
                root: Root::Current,
                hops: &[Hop::Each(1, Pick::All)],
            },
            block: &HOME_LINE,
            default: None,
        },
    ),
]);
static HOME_LINE: Block = Block::Fields(&[
    field("\"qty\":", own(&[Hop::Value(1)])),
    field(
        "\"title\":",
        value(5, &[Hop::Each(0, Pick::First(&BY_SKU)), Hop::Value(1)]),
    ),
]);

/// orders; stock of each sku, required or not
const fn stock_plan(calls: &'static [Call]) -> Plan {
    Plan {
        calls,
        require: &[],
        answer: Answer {
            status: 200,
            headers: &[],
            body: Some(&STOCK_ANSWER),
        },
    }
}

const FIRST_SKUS: Path = path(
    3,
    &[
        Hop::Each(0, Pick::All),
        Hop::Each(1, Pick::All),
        Hop::Value(0),
    ],
);
const STOCK_CALL: Call = Call {
    shape: Some(&STOCK),
    needs: 0b1,
    fan: Fan::Each {
        argument: 0,
        parallel: 2,
        max: 4,
    },
    client_argument: false,
    ..call(
        "stock",
        &GET_STOCK,
        &[argument(Place::Path, "sku", FIRST_SKUS)],
    )
};
pub(crate) static STOCK_REQUIRED: Plan = stock_plan(&[
    Call {
        shape: Some(&ORDERS),
        ..call(
            "orders",
            &LIST_ORDERS,
            &[query("customer", path(0, &[Hop::Value(0)]))],
        )
    },
    STOCK_CALL,
]);
pub(crate) static STOCK_OPTIONAL: Plan = stock_plan(&[
    Call {
        shape: Some(&ORDERS),
        ..call(
            "orders",
            &LIST_ORDERS,
            &[query("customer", path(0, &[Hop::Value(0)]))],
        )
    },
    Call {
        optional: true,
        timeout: Some(Duration::from_millis(400)),
        ..STOCK_CALL
    },
]);
static STOCK_ANSWER: Template = Template::Block(&Block::Fields(&[field(
    "\"counts\":",
    Template::Select {
        path: path(4, &[Hop::Each(0, Pick::All)]),
        block: &STOCK_ENTRY,
        default: None,
    },
)]));
static STOCK_ENTRY: Block = Block::Fields(&[
    field("\"sku\":", own(&[Hop::Value(0)])),
    field("\"count\":", own(&[Hop::Value(1)])),
]);

/// `customer = order.name` or 404
pub(crate) static OWNED: Plan = Plan {
    calls: &[Call {
        shape: Some(&USER),
        ..call(
            "order",
            &GET_USER,
            &[argument(Place::Path, "id", path(0, &[Hop::Value(0)]))],
        )
    }],
    require: &[Clause {
        text: "query.user = order.name",
        condition: Condition::Equal(
            Operand::Path(path(0, &[Hop::Value(1)])),
            Operand::Path(path(3, &[Hop::Value(1)])),
        ),
        reads: 1,
    }],
    answer: Answer {
        status: 200,
        headers: &[],
        body: Some(&OWNED_ANSWER),
    },
};
static OWNED_ANSWER: Template = Template::Block(&Block::Fields(&[field(
    "\"id\":",
    value(3, &[Hop::Value(0)]),
)]));

pub(crate) static SHOP: Bff = bff(&[
    get(
        "/api/home",
        &[Segment::Literal("api"), Segment::Literal("home")],
        USER_INPUT,
        handler!(HOME),
    ),
    get(
        "/api/stock",
        &[Segment::Literal("api"), Segment::Literal("stock")],
        USER_INPUT,
        handler!(STOCK_REQUIRED),
    ),
    get(
        "/api/stock-perhaps",
        &[Segment::Literal("api"), Segment::Literal("stock-perhaps")],
        USER_INPUT,
        handler!(STOCK_OPTIONAL),
    ),
    get(
        "/api/owned/{id}",
        &[
            Segment::Literal("api"),
            Segment::Literal("owned"),
            Segment::Parameter("id"),
        ],
        Inputs {
            width: 2,
            items: &[
                input(Place::Path, "id", 0, Scalar::String),
                Input {
                    required: false,
                    ..input(Place::Query, "user", 1, Scalar::String)
                },
            ],
        },
        handler!(OWNED),
    ),
]);
