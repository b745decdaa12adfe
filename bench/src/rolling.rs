//! Two replicas behind a balancer, restarted one after the other while clients ask: how many requests are lost.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use clap::Args;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep};

use crate::contender::free;
use crate::installed::{Installed, Origin};
use crate::origin;
use crate::process::Process;
use crate::through::{self, Gateway};

/// The balancer.
const BALANCER: Installed = Installed {
    program: "haproxy",
    needs: &[],
    origin: Origin::Apt(&["haproxy"]),
    configuration: "haproxy/rolling.cfg",
    arguments: &["-db", "-f"],
};

/// How long the balancer gets to notice a replica that is there again.
const NOTICED: Duration = Duration::from_secs(1);

/// What is asked, over and over: put together, passed through, with a body, and taking its time.
const QUESTIONS: [(Method, &str, usize, &str); 4] = [
    (
        Method::GET,
        "/together",
        0,
        r#"{"one":{"text":"item 1"},"two":{"text":"item 2"}}"#,
    ),
    (Method::GET, "/through/items/7", 0, r#"{"text":"item 7"}"#),
    (Method::POST, "/through/upload", 10_000, "10000"),
    (Method::GET, "/through/slow/50", 0, r#"{"text":"slow"}"#),
];

/// How much is done.
#[derive(Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    gateway: through::Source,
    /// How often each replica is restarted
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Clients, each with one request at a time
    #[arg(long, default_value_t = 32)]
    clients: u32,
    /// What BFF_DRAIN_DELAY says
    #[arg(long, default_value = "1s")]
    delay: String,
    /// Install what is missing with apt-get
    #[arg(long)]
    install: bool,
}

/// What came of the requests.
#[derive(Default)]
struct Counts {
    answered: Cell<u64>,
    lost: RefCell<BTreeMap<String, u64>>,
    stop: Cell<bool>,
}

/// A replica that can be started again.
struct Replica {
    name: &'static str,
    listen: SocketAddr,
    admin: SocketAddr,
}

/// Restarts both replicas in turn under load, and says how many requests were lost.
pub(crate) async fn run(root: &Path, settings: &Settings) -> anyhow::Result<()> {
    let haproxy = BALANCER.find(root, settings.install)?;
    let gateway = Gateway::ready(root, &settings.gateway)?;
    let origin = origin::start().await?;
    let addresses = free(5).await?;
    let [public, one, one_admin, two, two_admin] = addresses[..] else {
        anyhow::bail!("no port is free");
    };
    let replicas = [("one", one, one_admin), ("two", two, two_admin)];
    let replicas = replicas.map(|(name, listen, admin)| Replica {
        name,
        listen,
        admin,
    });
    let variables = [("BFF_LOG", "warn"), ("BFF_DRAIN_DELAY", &settings.delay)];
    let start = async |replica: &Replica| {
        let Replica {
            name,
            listen,
            admin,
        } = replica;
        gateway
            .start(name, *listen, *admin, origin, &variables)
            .await
    };
    let mut running = Vec::new();
    for replica in &replicas {
        running.push(start(replica).await?);
    }
    let _balancer = balance(root, &haproxy, public, &replicas).await?;

    let counts = Rc::new(Counts::default());
    let clients: Vec<_> = (0..settings.clients)
        .map(|number| spawn_local(client(public, number, Rc::clone(&counts))))
        .collect();
    let started = Instant::now();
    sleep(NOTICED).await;
    let mut restarts = 0;
    for _ in 0..settings.rounds {
        for (replica, process) in replicas.iter().zip(&mut running) {
            process.terminate().await?;
            *process = start(replica).await?;
            sleep(NOTICED).await;
            restarts += 1;
        }
    }
    counts.stop.set(true);
    for client in clients {
        client.await?;
    }
    let (answered, seconds) = (counts.answered.get(), started.elapsed().as_secs_f64());
    let lost: u64 = counts.lost.borrow().values().sum();
    println!("{restarts} restarts in {seconds:.1} s; {answered} requests answered, {lost} lost.");
    for (why, count) in counts.lost.borrow().iter() {
        println!("{count} times: {why}");
    }
    ensure!(answered > 0, "nothing was answered");
    ensure!(lost == 0, "{lost} requests were lost");
    Ok(())
}

/// Starts the balancer, and waits until it passes requests on.
async fn balance(
    root: &Path,
    program: &Path,
    public: SocketAddr,
    replicas: &[Replica; 2],
) -> anyhow::Result<Process> {
    let [one, two] = replicas;
    let values = [
        ("LISTEN", public.to_string()),
        ("ONE", one.listen.to_string()),
        ("TWO", two.listen.to_string()),
        ("ADMIN_HOST", one.admin.ip().to_string()),
        ("ONE_ADMIN", one.admin.port().to_string()),
        ("TWO_ADMIN", two.admin.port().to_string()),
    ];
    let arguments = BALANCER.configure(root, "rolling", &values)?;
    let log = root.join("target/bench/rolling.log");
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log)?)
        .spawn()
        .context("the balancer didn't start")?;
    let process = Process::of(child);
    let patience = Instant::now() + Duration::from_secs(10);
    while ask(&mut None, public, 0).await.is_err() {
        ensure!(
            Instant::now() < patience,
            "the balancer passes nothing on: {}",
            log.display()
        );
        sleep(Duration::from_millis(20)).await;
    }
    Ok(process)
}

async fn client(to: SocketAddr, number: u32, counts: Rc<Counts>) {
    let mut kept = None;
    let mut next = number;
    while !counts.stop.get() {
        match ask(&mut kept, to, next).await {
            Ok(()) => counts.answered.set(counts.answered.get() + 1),
            Err(error) => {
                kept = None;
                *counts
                    .lost
                    .borrow_mut()
                    .entry(format!("{error:#}"))
                    .or_default() += 1;
            }
        }
        next = next.wrapping_add(1);
    }
}

type Connection = http1::SendRequest<Full<Bytes>>;

/// One request, on a connection that is kept; an error if its answer isn't the right one.
async fn ask(kept: &mut Option<Connection>, to: SocketAddr, number: u32) -> anyhow::Result<()> {
    let at = usize::try_from(number)? % QUESTIONS.len();
    let (method, target, length, expected) = QUESTIONS.get(at).context("no question")?;
    let open = kept.take().filter(|connection| !connection.is_closed());
    let mut connection = match open {
        Some(connection) => connection,
        None => {
            let stream = TcpStream::connect(to).await.context("no connection")?;
            let (sender, serving) = http1::handshake(TokioIo::new(stream)).await?;
            spawn_local(async move { drop(serving.await) });
            sender
        }
    };
    connection
        .ready()
        .await
        .context("the connection was closed")?;
    let body = origin::piece().slice(..*length);
    let request = Request::builder()
        .method(method)
        .uri(*target)
        .header("host", "a")
        .body(Full::new(body))?;
    let answer = connection
        .send_request(request)
        .await
        .context("no answer")?;
    let status = answer.status();
    let body = answer
        .into_body()
        .collect()
        .await
        .context("half an answer")?
        .to_bytes();
    ensure!(
        status == 200 && body == expected.as_bytes(),
        "{method} {target}: {status}"
    );
    *kept = Some(connection);
    Ok(())
}
