//! Where a contract comes from: a file, or a URL. Reads it, and the files beside it that it refers to.
//!
//! Nothing is written here. A URL is fetched as `bff lock` fetches it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use bff_spec::source::SourceLoader;
use reqwest::Url;

use crate::commands::block_on;
use crate::failure::{Failure, Result};

/// Where a contract comes from, and what was read of it.
#[derive(Debug)]
pub(crate) struct Origin {
    base: Base,
    /// The contract's file in the base.
    main: String,
    /// Every file that was read, by its path in the base, in order.
    read: RefCell<Vec<(String, String)>>,
    /// Why the contract itself couldn't be read.
    failed: RefCell<Option<Failure>>,
}

#[derive(Debug)]
enum Base {
    Folder(PathBuf),
    Url(Url),
}

impl Origin {
    /// What `--from` names: a path, or a URL.
    pub(crate) fn named(text: &str) -> Result<Origin> {
        let (base, main) = if text.starts_with("http://") || text.starts_with("https://") {
            let url = Url::parse(text).map_err(|error| {
                Failure::new(format!("{text} is no URL: {error}"))
                    .remedy("name a file, or a URL such as https://example.com/openapi.yaml")
            })?;
            let main = url.path().rsplit('/').next().unwrap_or_default().to_owned();
            (Base::Url(url), main)
        } else {
            let path = Path::new(text);
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            (Base::Folder(folder), name.unwrap_or_default())
        };
        Ok(Origin {
            base,
            main: if main.is_empty() {
                "openapi".to_owned()
            } else {
                main
            },
            read: RefCell::default(),
            failed: RefCell::default(),
        })
    }

    /// The contract's file name.
    pub(crate) fn main(&self) -> &str {
        &self.main
    }

    /// Where the contract lies on this machine.
    pub(crate) fn path(&self) -> Option<PathBuf> {
        match &self.base {
            Base::Folder(folder) => Some(folder.join(&self.main)),
            Base::Url(_) => None,
        }
    }

    /// Every file that was read so far, by its path beside the contract; the contract first.
    pub(crate) fn files(self) -> Vec<(String, String)> {
        self.read.into_inner()
    }

    /// Why the contract itself couldn't be read, if it couldn't.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failed.borrow().clone()
    }

    fn text(&self, path: &str) -> Result<String> {
        match &self.base {
            Base::Folder(folder) => {
                let path = folder.join(path);
                let bytes = std::fs::read(&path).map_err(|error| {
                    let failure = Failure::io("read", &path, &error);
                    match error.kind() {
                        std::io::ErrorKind::NotFound => {
                            failure.remedy("name a contract: a file, or its URL")
                        }
                        _ => failure,
                    }
                })?;
                utf8(bytes, &path.display().to_string())
            }
            Base::Url(url) if path == self.main => fetch(url),
            Base::Url(url) => match url.join(path) {
                Ok(url) => fetch(&url),
                Err(error) => Err(Failure::new(format!("{path} is no URL: {error}"))),
            },
        }
    }
}

impl SourceLoader for Origin {
    fn read(&self, path: &str) -> std::result::Result<String, String> {
        match self.text(path) {
            Ok(text) => {
                self.read.borrow_mut().push((path.to_owned(), text.clone()));
                Ok(text)
            }
            Err(failure) => {
                let what = failure.what.clone();
                if path == self.main {
                    *self.failed.borrow_mut() = Some(failure);
                }
                Err(what)
            }
        }
    }
}

fn utf8(bytes: Vec<u8>, name: &str) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(format!("{name} is not UTF-8: byte {at} is none"))
            .remedy("contracts are YAML or JSON, in UTF-8")
    })
}

fn fetch(url: &Url) -> Result<String> {
    match block_on(crate::fetch::fetch(url.as_str())) {
        Ok(fetched) => fetched.map_err(|why| {
            Failure::new(format!("cannot fetch {url}: {why}")).remedy(
                "is the network there, and the address right, and may anybody read it? A file will do as well: `--from PATH`",
            )
        }),
        Err(failure) => Err(failure),
    }
}
