//! Constructors for tables, so that generated code reads as if written by hand: what is left unsaid is the usual.

use std::time::Duration;

use bff_json::{Condition, Path, Shape, Slot};

use super::{
    Argument, Bff, BodyValue, Bound, Call, CallBody, ErrorRule, Fan, Format, Input, ListRules,
    Listener, Operation, Pattern, Place, Policies, Rules, Server, Style, Value,
};

impl Bff {
    /// A gateway without endpoints: what stands in for one whose spec has errors.
    pub const NONE: Bff = Bff {
        name: "",
        spec: "",
        variables: &[],
        upstreams: &[],
        schemes: &[],
        routes: &[],
        server: Server {
            body_limit: 0,
            ..Server::USUAL
        },
        openapi: "",
    };
}

impl Server {
    /// What holds where the spec says nothing.
    pub const USUAL: Server = Server {
        strict: false,
        body_limit: 10 << 20,
        trusted_proxies: 0,
        listener: Listener::USUAL,
        tls: None,
    };
}

impl Listener {
    /// What holds where the spec says nothing.
    pub const USUAL: Listener = Listener {
        head_size: 32 << 10,
        head_count: 100,
        handshake: Duration::from_secs(10),
        header: Duration::from_secs(10),
        body: Duration::from_secs(30),
        write: Duration::from_secs(60),
        idle: Duration::from_secs(75),
        min_rate: 256,
        max: 65_536,
        per_address: 0,
        streams: 100,
        resets: 100,
    };
}

impl Policies {
    /// For everybody, as often as they like.
    #[must_use]
    pub const fn within(timeout: Duration, body_limit: u64) -> Policies {
        Policies {
            auth: &[],
            scopes: &[],
            roles: &[],
            require: &[],
            limits: &[],
            headers: &[],
            timeout,
            body_limit,
        }
    }
}

impl Call {
    /// A required call without arguments, of which nothing is read.
    #[must_use]
    pub const fn new(name: &'static str, operation: &'static Operation) -> Call {
        Call {
            name,
            operation,
            optional: false,
            needs: 0,
            after: 0,
            write: false,
            arguments: &[],
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
            client_input: false,
            client_argument: false,
            bodiless: &[],
        }
    }

    /// The endpoint survives without it.
    #[must_use]
    pub const fn optional(mut self) -> Call {
        self.optional = true;
        self
    }

    /// See [`Call::needs`].
    #[must_use]
    pub const fn needs(mut self, calls: u64) -> Call {
        self.needs = calls;
        self
    }

    /// See [`Call::after`].
    #[must_use]
    pub const fn after(mut self, calls: u64) -> Call {
        self.after = calls;
        self
    }

    /// It changes something.
    #[must_use]
    pub const fn write(mut self) -> Call {
        self.write = true;
        self
    }

    /// See [`Call::arguments`].
    #[must_use]
    pub const fn arguments(mut self, arguments: &'static [Argument]) -> Call {
        self.arguments = arguments;
        self
    }

    /// See [`Call::body`].
    #[must_use]
    pub const fn body(mut self, media: &'static str, value: BodyValue) -> Call {
        self.body = Some(CallBody { media, value });
        self
    }

    /// See [`Call::fan`].
    #[must_use]
    pub const fn fan(mut self, fan: Fan) -> Call {
        self.fan = fan;
        self
    }

    /// See [`Call::when`].
    #[must_use]
    pub const fn when(mut self, condition: Condition) -> Call {
        self.when = Some(condition);
        self
    }

    /// See [`Call::timeout`].
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Call {
        self.timeout = Some(timeout);
        self
    }

    /// See [`Call::retry`].
    #[must_use]
    pub const fn retry(mut self, attempts: u8) -> Call {
        self.retry = attempts;
        self
    }

    /// See [`Call::shape`].
    #[must_use]
    pub const fn shape(mut self, shape: &'static Shape) -> Call {
        self.shape = Some(shape);
        self
    }

    /// See [`Call::headers`].
    #[must_use]
    pub const fn headers(mut self, headers: &'static [(&'static str, Slot)]) -> Call {
        self.headers = headers;
        self
    }

    /// See [`Call::errors`].
    #[must_use]
    pub const fn errors(mut self, errors: &'static [ErrorRule]) -> Call {
        self.errors = errors;
        self
    }

    /// See [`Call::client_input`].
    #[must_use]
    pub const fn client_input(mut self) -> Call {
        self.client_input = true;
        self
    }

    /// See [`Call::bodiless`].
    #[must_use]
    pub const fn bodiless(mut self, statuses: &'static [(u16, u16)]) -> Call {
        self.bodiless = statuses;
        self
    }

    /// See [`Call::client_argument`].
    #[must_use]
    pub const fn client_argument(mut self) -> Call {
        self.client_argument = true;
        self
    }
}

impl Argument {
    /// An argument of a required parameter.
    #[must_use]
    pub const fn required(place: Place, name: &'static str, value: Value) -> Argument {
        Argument {
            place,
            name,
            value,
            style: Style::Repeat,
            required: true,
        }
    }

    /// An argument of a parameter that may be left out.
    #[must_use]
    pub const fn optional(place: Place, name: &'static str, value: Value) -> Argument {
        Argument {
            place,
            name,
            value,
            style: Style::Repeat,
            required: false,
        }
    }

    /// See [`Argument::style`].
    #[must_use]
    pub const fn style(mut self, style: Style) -> Argument {
        self.style = style;
        self
    }
}

impl Value {
    /// What a path gives.
    #[must_use]
    pub const fn path(path: Path) -> Value {
        Value::Path {
            path,
            default: None,
        }
    }

    /// What a path gives, or else this JSON text.
    #[must_use]
    pub const fn path_or(path: Path, default: &'static str) -> Value {
        Value::Path {
            path,
            default: Some(default),
        }
    }
}

impl Input {
    /// An input that may be left out.
    #[must_use]
    pub const fn new(place: Place, name: &'static str, slot: Slot, rules: Rules) -> Input {
        Input {
            place,
            name,
            slot,
            rules,
            list: None,
            required: false,
            default: None,
        }
    }

    /// It must be there.
    #[must_use]
    pub const fn required(mut self) -> Input {
        self.required = true;
        self
    }

    /// It is a list.
    #[must_use]
    pub const fn list(mut self, rules: ListRules) -> Input {
        self.list = Some(rules);
        self
    }

    /// JSON text that stands in for it.
    #[must_use]
    pub const fn default(mut self, json: &'static str) -> Input {
        self.default = Some(json);
        self
    }
}

impl ListRules {
    /// Any number of values.
    pub const ANY: ListRules = ListRules {
        min: None,
        max: None,
    };

    /// At least so many values.
    #[must_use]
    pub const fn min(mut self, count: u32) -> ListRules {
        self.min = Some(count);
        self
    }

    /// At most so many values.
    #[must_use]
    pub const fn max(mut self, count: u32) -> ListRules {
        self.max = Some(count);
        self
    }
}

impl Rules {
    /// See [`Rules::one_of`].
    #[must_use]
    pub const fn one_of(mut self, texts: &'static [&'static str]) -> Rules {
        self.one_of = texts;
        self
    }

    /// At least `value`.
    #[must_use]
    pub const fn min(mut self, value: f64) -> Rules {
        self.minimum = Some(Bound {
            value,
            exclusive: false,
        });
        self
    }

    /// More than `value`.
    #[must_use]
    pub const fn above(mut self, value: f64) -> Rules {
        self.minimum = Some(Bound {
            value,
            exclusive: true,
        });
        self
    }

    /// At most `value`.
    #[must_use]
    pub const fn max(mut self, value: f64) -> Rules {
        self.maximum = Some(Bound {
            value,
            exclusive: false,
        });
        self
    }

    /// Less than `value`.
    #[must_use]
    pub const fn below(mut self, value: f64) -> Rules {
        self.maximum = Some(Bound {
            value,
            exclusive: true,
        });
        self
    }

    /// At least so many characters.
    #[must_use]
    pub const fn min_length(mut self, characters: u32) -> Rules {
        self.min_length = Some(characters);
        self
    }

    /// At most so many characters.
    #[must_use]
    pub const fn max_length(mut self, characters: u32) -> Rules {
        self.max_length = Some(characters);
        self
    }

    /// A regular expression it must match.
    #[must_use]
    pub const fn pattern(mut self, source: &'static str) -> Rules {
        self.pattern = Some(Pattern::new(source));
        self
    }

    /// A format it must have.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Rules {
        self.format = Some(format);
        self
    }
}
