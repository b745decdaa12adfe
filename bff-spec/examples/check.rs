//! Prints what the checker says of a spec: `cargo run -p bff-spec --example check -- specs/web.yaml`.

use bff_spec::source::SourceLoader;

struct Disk(std::path::PathBuf);

impl SourceLoader for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(self.0.join(path)).map_err(|e| e.to_string())
    }
}

fn main() {
    let root = std::env::current_dir().unwrap_or_default();
    for path in std::env::args().skip(1) {
        let checked = bff_spec::check(&Disk(root.clone()), &path);
        for d in &checked.diagnostics {
            let (start, _) = checked.sources.lines(d.place);
            let file = checked.sources.get(d.place.file).map_or("", |f| &f.path);
            println!(
                "{}[{}] {file}:{}:{}: {}",
                d.severity,
                d.code.as_str(),
                start.line,
                start.column,
                d.message
            );
            if let Some(help) = &d.help {
                println!("    help: {help}");
            }
            for related in &d.related {
                let (at, _) = checked.sources.lines(related.place);
                let file = checked
                    .sources
                    .get(related.place.file)
                    .map_or("", |f| &f.path);
                println!("    {file}:{}:{}: {}", at.line, at.column, related.message);
            }
        }
        match checked.model {
            Some(model) => println!("{path}: {} endpoints", model.endpoints.len()),
            None => println!("{path}: no model"),
        }
    }
}
