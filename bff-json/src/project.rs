//! Structs that say which part of a body to keep.

use std::fmt;

use bytes::Bytes;

use crate::error::Error;
use crate::options::Options;
use crate::scope::{RenderError, Scope};
use crate::shape::{Frame, Shape};
use crate::template::{Block, Path, Template};

/// A struct whose fields are the part of a body to keep: `#[derive(Project)]` implements it.
pub trait Project {
    /// What to capture of the object.
    const FRAME: Frame;
    /// What to write of it.
    const BLOCK: &'static Block;

    /// Trims a body to the struct's fields. What isn't there is `null`; what the body holds beside is dropped. Values pass
    /// as they are written.
    ///
    /// # Errors
    ///
    /// The body isn't one JSON value, goes beyond a bound of [`Options`], or would become too long.
    fn project(body: impl Into<Bytes>) -> Result<Vec<u8>, ProjectError> {
        let shape = Shape { root: Self::FRAME };
        let tape = shape
            .capture(body.into(), &Options::default())
            .map_err(ProjectError::Body)?;
        let template = Template::select(Path::tape(0, &[]), Self::BLOCK);
        let mut out = Vec::new();
        // Every captured value is written once, so the body's length bounds the output's.
        Scope::new(&[tape])
            .render(&template, &mut out, usize::MAX)
            .map_err(ProjectError::Output)?;
        Ok(out)
    }
}

/// Why a body could not be trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectError {
    /// The body isn't one JSON value, or goes beyond a bound.
    Body(Error),
    /// What is left would be too long or nested too deeply.
    Output(RenderError),
}

impl fmt::Display for ProjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProjectError::Body(error) => error.fmt(f),
            ProjectError::Output(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProjectError {}
