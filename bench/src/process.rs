//! A process of ours, which doesn't outlive what holds it.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use anyhow::{bail, ensure};
use tokio::time::{Instant, sleep};

/// A process, until this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Takes it over.
    pub(crate) fn of(child: Child) -> Process {
        Process(child)
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }

    /// Tells it to end, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").arg(self.id().to_string()).status()?;
        ensure!(told.success(), "it could not be told to end");
        let patience = Instant::now() + Duration::from_secs(60);
        while self.ended()?.is_none() {
            if Instant::now() > patience {
                bail!("it was told to end, and didn't");
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where the process has gone already.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}
