//! The calls a gateway would make, made without one.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use crate::data::{self, PRODUCTS, USERS};
use crate::load::Load;
use crate::upstream::Upstreams;
use crate::workload::{Question, Workload};

/// Makes them at this rate; gives for each request how long the slowest of its calls took.
pub(super) async fn ask(
    workload: &Workload,
    upstreams: &Upstreams,
    connections: usize,
    rate: u32,
    span: Duration,
) -> anyhow::Result<Vec<Duration>> {
    let mut loads = Vec::new();
    for (address, questions) in calls(workload, upstreams)? {
        let mut load = Load::connect(address, &questions, connections).await?;
        load.drive(workload.slice).await?;
        loads.push(load);
    }
    let runs = loads
        .into_iter()
        .map(|mut load| tokio::task::spawn_local(async move { load.at_rate(rate, span).await }));
    let mut slowest: Vec<Duration> = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        let times = run.await??;
        slowest.resize(times.len().max(slowest.len()), Duration::ZERO);
        for (slowest, time) in slowest.iter_mut().zip(times) {
            *slowest = time.max(*slowest);
        }
    }
    Ok(slowest)
}

type Calls = Vec<(SocketAddr, Rc<[Question]>)>;

/// Whom a request of this workload asks, and what.
fn calls(workload: &Workload, upstreams: &Upstreams) -> anyhow::Result<Calls> {
    let (users, orders, catalog) = (
        upstreams.users.parse()?,
        upstreams.orders.parse()?,
        upstreams.catalog.parse()?,
    );
    let each = |question: fn(usize) -> Question, count: usize| (0..count).map(question).collect();
    Ok(if workload.calls == 3 {
        vec![
            (users, each(user, USERS)),
            (orders, each(their_orders, USERS)),
            (catalog, each(recommended, USERS)),
        ]
    } else {
        vec![(catalog, each(product, PRODUCTS))]
    })
}

fn user(number: usize) -> Question {
    let path = format!("/users/{}", data::user_id(number));
    Question::get(path, number, json!(data::user(number)), 0)
}

fn their_orders(number: usize) -> Question {
    let path = format!("/orders?customerId={}&limit=10", data::user_id(number));
    Question::get(path, number, json!(data::orders(number)), 0)
}

fn recommended(number: usize) -> Question {
    let path = format!("/recommendations?customerId={}", data::user_id(number));
    Question::get(path, number, json!(data::recommendations(number)), 0)
}

fn product(number: usize) -> Question {
    let path = format!("/products/{}", data::sku(number));
    Question::get(path, number, json!(data::product(number)), 0)
}
