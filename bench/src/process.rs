//! A process of ours, which doesn't outlive what holds it.

use std::process::{Child, ExitStatus};

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
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where the process has gone already.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}
