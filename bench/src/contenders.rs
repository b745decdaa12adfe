//! The gateways that are compared.

use crate::build::Source;
use crate::contender::{Contender, Does, Places};
use crate::installed::{Installed, Origin};
use crate::upstream::Upstreams;
use crate::workload;

/// Every contender. The first is ours, and what others are compared with.
pub(crate) const ALL: [Contender; 9] = [
    Contender {
        name: "bff",
        about: "generated from bench/gateway/specs; it writes no access log, as the others don't",
        source: Source::Generated,
        does: &[
            Does::All("screen"),
            Does::All("screen-jwt"),
            Does::All("small"),
            Does::All("join"),
            Does::All("pass"),
            Does::All("pass-100k"),
            Does::All("stream"),
        ],
        environment: |places| bff(places, "info,access=off"),
    },
    Contender {
        name: "bff-log",
        about: "the same as it is when nothing is set: it logs every request",
        source: Source::Generated,
        does: &[Does::All("screen"), Does::All("pass")],
        environment: |places| bff(places, "info"),
    },
    Contender {
        name: "axum",
        about: "written by hand: axum, reqwest, serde, jsonwebtoken, governor (bench/peers/axum-handwritten)",
        source: Source::Peer("axum-handwritten"),
        does: &[
            Does::All("screen"),
            Does::All("screen-jwt"),
            Does::All("small"),
            Does::All("join"),
            Does::All("pass"),
            Does::All("pass-100k"),
            Does::All("stream"),
        ],
        environment: |places| {
            let mut variables = upstream_urls(places.upstreams);
            variables.push(("LISTEN", places.listen.to_string()));
            if places.guarded {
                variables.push(("JWKS_URL", places.upstreams.keys()));
            }
            variables
        },
    },
    Contender {
        name: "nginx",
        about: "passes through (bench/peers/nginx/pass.conf)",
        source: Source::Installed(Installed {
            program: "nginx",
            needs: &[],
            origin: Origin::Apt(&["nginx-light"]),
            configuration: "nginx/pass.conf",
            arguments: &["-e", "stderr", "-c"],
        }),
        does: &[
            Does::All("pass"),
            Does::All("pass-100k"),
            Does::All("stream"),
        ],
        environment: addresses,
    },
    Contender {
        name: "nginx-lua",
        about: "subrequests at once, put together in Lua with lua-cjson (bench/peers/nginx/*.lua)",
        source: Source::Installed(Installed {
            program: "nginx",
            needs: &["/usr/lib/nginx/modules/ngx_http_lua_module.so"],
            origin: Origin::Apt(&["nginx-light", "libnginx-mod-http-lua", "lua-cjson"]),
            configuration: "nginx/screen.conf",
            arguments: &["-e", "stderr", "-c"],
        }),
        does: &[Does::All("screen"), Does::All("small"), Does::All("join")],
        environment: addresses,
    },
    Contender {
        name: "haproxy",
        about: "passes through (bench/peers/haproxy/pass.cfg)",
        source: Source::Installed(Installed {
            program: "haproxy",
            needs: &[],
            origin: Origin::Apt(&["haproxy"]),
            configuration: "haproxy/pass.cfg",
            arguments: &["-db", "-f"],
        }),
        does: &[
            Does::All("pass"),
            Does::All("pass-100k"),
            Does::All("stream"),
        ],
        environment: addresses,
    },
    Contender {
        name: "caddy",
        about: "Caddy 2.10 passes through (bench/peers/caddy/Caddyfile)",
        source: Source::Installed(Installed {
            program: "caddy",
            needs: &[],
            origin: Origin::Go("github.com/caddyserver/caddy/v2/cmd/caddy@v2.10.2"),
            configuration: "caddy/Caddyfile",
            arguments: &["run", "--adapter", "caddyfile", "--config"],
        }),
        does: &[
            Does::All("pass"),
            Does::All("pass-100k"),
            Does::All("stream"),
        ],
        environment: |places| {
            let mut values = addresses(places);
            // Without a home it would write into the checkout.
            let home = std::env::temp_dir().display().to_string();
            values.push(("HOME", home));
            values
        },
    },
    Contender {
        name: "krakend",
        about: "KrakenD CE 2.13 aggregates and filters (bench/peers/krakend/krakend.json)",
        source: Source::Installed(Installed {
            program: "krakend-ce",
            needs: &[],
            origin: Origin::Go("github.com/krakend/krakend-ce/v2/cmd/krakend-ce@v2.13.0"),
            configuration: "krakend/krakend.json",
            arguments: &["run", "-c"],
        }),
        does: &[
            Does::Part {
                workload: "screen",
                questions: workload::screen_without_joins,
                otherwise: "It can't join: sellers are left out.",
            },
            Does::All("small"),
            Does::All("pass"),
        ],
        environment: |places| {
            let mut values = addresses(places);
            values.push(("USAGE_DISABLE", "1".to_owned()));
            values
        },
    },
    Contender {
        name: "tailcall",
        about: "Tailcall 1.0 answers a GraphQL query (bench/peers/tailcall/gateway.graphql)",
        source: Source::Installed(Installed {
            program: "tailcall",
            needs: &[],
            origin: Origin::Npm {
                package: "@tailcallhq/core-linux-x64-gnu@1.0.0",
                folder: "node_modules/@tailcallhq/core-linux-x64-gnu/bin",
            },
            configuration: "tailcall/gateway.graphql",
            arguments: &["start"],
        }),
        does: &[
            Does::Part {
                workload: "screen",
                questions: workload::screen_of_tailcall,
                otherwise: "It flattens and joins nothing: nested as the upstreams nest, all image addresses, sellers as a list.",
            },
            Does::Part {
                workload: "small",
                questions: workload::small_of_tailcall,
                otherwise: "The same fields as GraphQL nests them.",
            },
        ],
        environment: |places| {
            let mut values = addresses(places);
            values.push(("TAILCALL_TRACKER", "false".to_owned()));
            values.push(("TAILCALL_LOG_LEVEL", "error".to_owned()));
            values
        },
    },
];

/// What the configuration of an installed contender names.
fn addresses(places: &Places) -> Vec<(&'static str, String)> {
    vec![
        ("LISTEN", places.listen.to_string()),
        ("HOST", places.listen.ip().to_string()),
        ("PORT", places.listen.port().to_string()),
        ("USERS", places.upstreams.users.clone()),
        ("ORDERS", places.upstreams.orders.clone()),
        ("CATALOG", places.upstreams.catalog.clone()),
        ("MODULES", "/usr/lib/nginx/modules".to_owned()),
    ]
}

fn bff(places: &Places, log: &str) -> Vec<(&'static str, String)> {
    let mut variables = upstream_urls(places.upstreams);
    variables.push(("BFF_LISTEN", places.listen.to_string()));
    variables.push(("BFF_ADMIN_LISTEN", places.admin.to_string()));
    variables.push(("BFF_LOG", log.to_owned()));
    if places.guarded {
        variables.push(("JWKS_URL", places.upstreams.keys()));
    }
    variables
}

fn upstream_urls(upstreams: &Upstreams) -> Vec<(&'static str, String)> {
    vec![
        ("USERS_URL", format!("http://{}", upstreams.users)),
        ("ORDERS_URL", format!("http://{}", upstreams.orders)),
        ("CATALOG_URL", format!("http://{}", upstreams.catalog)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contenders_name_workloads_that_are_there() {
        for contender in &ALL {
            let there = workload::ALL.iter();
            let does = there.filter(|workload| contender.does(workload).is_some());
            assert_eq!(does.count(), contender.does.len(), "{}", contender.name);
        }
    }
}
