//! One contender in one round: at work, driven a while at a time, its CPU time summed up.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Serialize;

use crate::contender::{Contender, Ready, Running};
use crate::cpu;
use crate::load::Load;
use crate::run::Settings;
use crate::upstream::Upstreams;
use crate::workload::Workload;

/// A contender at work, and what it has used.
pub(crate) struct Turn {
    contender: &'static Contender,
    running: Running,
    load: Load,
    requests: u64,
    elapsed: Duration,
    cpu: Duration,
    user: u64,
    system: u64,
}

/// What one contender did in one round.
#[derive(Serialize)]
pub(crate) struct Round {
    /// CPU time of its process for one request, in microseconds.
    pub(crate) cpu_us: f64,
    /// How much of that was the kernel's, as a share.
    pub(crate) kernel_share: f64,
    /// Resident memory when all was answered, in bytes.
    pub(crate) resident: u64,
    /// The most there has been.
    pub(crate) peak: u64,
    /// Answers in a second, with everything on this machine.
    pub(crate) per_second: f64,
    /// Bytes of an answer.
    pub(crate) bytes_out: u64,
}

impl Turn {
    /// Starts it, connects to it and warms it up.
    pub(crate) async fn start(
        ready: &Ready,
        workload: &Workload,
        settings: &Settings,
        upstreams: &Upstreams,
    ) -> anyhow::Result<Turn> {
        let running = ready.start(upstreams).await?;
        let questions = ready.questions(upstreams);
        let connections = settings.connections(workload);
        let mut load = Load::connect(running.address, &questions, connections).await?;
        load.drive(settings.warm_up(workload)).await?;
        Ok(Turn {
            contender: ready.contender,
            running,
            load,
            requests: 0,
            elapsed: Duration::ZERO,
            cpu: Duration::ZERO,
            user: 0,
            system: 0,
        })
    }

    /// Has it answer so many requests.
    pub(crate) async fn drive(
        &mut self,
        requests: u64,
        workload: &Workload,
        upstreams: &Upstreams,
    ) -> anyhow::Result<()> {
        let process = self.running.process.id();
        let (calls_before, before) = (upstreams.answered().await?, cpu::usage(process)?);
        let driven = self.load.drive(requests).await;
        let elapsed = driven.context(self.contender.name)?;
        let (after, calls_after) = (cpu::usage(process)?, upstreams.answered().await?);

        let (made, due) = (calls_after - calls_before, requests * workload.calls);
        ensure!(
            made == due,
            "{} made {made} upstream calls for {requests} requests, not {due}",
            self.contender.name
        );
        self.requests += requests;
        self.elapsed += elapsed;
        self.cpu += after.total.saturating_sub(before.total);
        self.user += after.user - before.user;
        self.system += after.system - before.system;
        Ok(())
    }

    /// What it has done so far.
    pub(crate) fn result(&self) -> anyhow::Result<Round> {
        let memory = cpu::memory(self.running.process.id())?;
        Ok(Round {
            cpu_us: self.cpu.as_secs_f64() * 1e6 / self.requests as f64,
            kernel_share: self.system as f64 / (self.user + self.system).max(1) as f64,
            resident: memory.resident,
            peak: memory.peak,
            per_second: self.requests as f64 / self.elapsed.as_secs_f64(),
            bytes_out: self.load.bytes_out(),
        })
    }
}
