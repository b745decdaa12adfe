//! As a generator would write it if it expanded selections to code: one function per object, its keys as arms of a `match`, the same
//! scanner underneath.

use std::collections::HashMap;
use std::ops::Range;

use bff_json::{Error, Options, Scanner};

type Span = Range<usize>;

#[derive(Default)]
struct Product {
    id: Option<Span>,
    name: Option<Span>,
    price: Price,
}

#[derive(Default)]
struct Price {
    amount: Option<Span>,
    currency: Option<Span>,
}

/// What every object has in common: keys and values in turn.
#[inline(always)]
fn object(
    scan: &Scanner<'_>,
    at: usize,
    depth: usize,
    mut field: impl FnMut(&[u8], usize, usize) -> Result<usize, Error>,
) -> Result<usize, Error> {
    if scan.byte(at) != b'{' {
        return Err(scan.unexpected(at));
    }
    let depth = scan.enter(at, depth)?;
    let mut at = scan.blank(at + 1);
    if scan.byte(at) == b'}' {
        return Ok(at + 1);
    }
    loop {
        if scan.byte(at) != b'"' {
            return Err(scan.unexpected(at));
        }
        let end = scan.string(at)?;
        let value = scan.colon(end)?;
        let end = field(
            scan.source().get(at + 1..end - 1).unwrap_or_default(),
            value,
            depth,
        )?;
        at = scan.blank(end);
        match scan.byte(at) {
            b',' => at = scan.blank(at + 1),
            b'}' => return Ok(at + 1),
            _ => return Err(scan.unexpected(at)),
        }
    }
}

#[inline(always)]
fn list(
    scan: &Scanner<'_>,
    at: usize,
    depth: usize,
    mut element: impl FnMut(usize, usize) -> Result<usize, Error>,
) -> Result<usize, Error> {
    if scan.byte(at) != b'[' {
        return Err(scan.unexpected(at));
    }
    let depth = scan.enter(at, depth)?;
    let mut at = scan.blank(at + 1);
    if scan.byte(at) == b']' {
        return Ok(at + 1);
    }
    loop {
        at = scan.blank(element(at, depth)?);
        match scan.byte(at) {
            b',' => at = scan.blank(at + 1),
            b']' => return Ok(at + 1),
            _ => return Err(scan.unexpected(at)),
        }
    }
}

#[inline(always)]
fn text(scan: &Scanner<'_>, at: usize, to: &mut Option<Span>) -> Result<usize, Error> {
    let end = scan.string(at)?;
    *to = Some(at..end);
    Ok(end)
}

fn price(scan: &Scanner<'_>, at: usize, depth: usize, to: &mut Price) -> Result<usize, Error> {
    object(scan, at, depth, |key, at, depth| match key {
        b"amount" => {
            let (end, _) = scan.number(at)?;
            to.amount = Some(at..end);
            Ok(end)
        }
        b"currency" => text(scan, at, &mut to.currency),
        _ => scan.skip(at, depth),
    })
}

fn product(scan: &Scanner<'_>, at: usize, depth: usize, to: &mut Product) -> Result<usize, Error> {
    object(scan, at, depth, |key, at, depth| match key {
        b"productId" => text(scan, at, &mut to.id),
        b"name" => text(scan, at, &mut to.name),
        b"price" => price(scan, at, depth, &mut to.price),
        _ => scan.skip(at, depth),
    })
}

fn put(src: &[u8], key: &[u8], span: &Option<Span>, out: &mut Vec<u8>) {
    out.extend_from_slice(key);
    match span.clone().and_then(|span| src.get(span)) {
        Some(text) => out.extend_from_slice(text),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_product(src: &[u8], product: &Product, out: &mut Vec<u8>) {
    put(src, b"{\"productId\":", &product.id, out);
    put(src, b",\"name\":", &product.name, out);
    put(src, b",\"price\":{\"amount\":", &product.price.amount, out);
    put(src, b",\"currency\":", &product.price.currency, out);
    out.extend_from_slice(b"}}");
}

fn products(scan: &Scanner<'_>, mut each: impl FnMut(Product)) {
    let end = object(scan, scan.blank(0), 0, |key, at, depth| match key {
        b"items" => list(scan, at, depth, |at, depth| {
            let mut found = Product::default();
            let end = product(scan, at, depth, &mut found)?;
            each(found);
            Ok(end)
        }),
        _ => scan.skip(at, depth),
    });
    scan.finish(end.unwrap()).unwrap();
}

pub fn recommendations(body: &[u8], options: &Options, out: &mut Vec<u8>) {
    let scan = Scanner::new(body, options).unwrap();
    out.extend_from_slice(b"{\"picks\":[");
    let start = out.len();
    products(&scan, |product| {
        if out.len() > start {
            out.push(b',');
        }
        write_product(body, &product, out);
    });
    out.extend_from_slice(b"]}");
}

pub fn user(body: &[u8], options: &Options, out: &mut Vec<u8>) {
    let scan = Scanner::new(body, options).unwrap();
    let (mut id, mut name, mut email, mut avatar, mut tier) = (None, None, None, None, None);
    let end = object(&scan, scan.blank(0), 0, |key, at, depth| match key {
        b"id" => text(&scan, at, &mut id),
        b"name" => text(&scan, at, &mut name),
        b"email" => text(&scan, at, &mut email),
        b"profile" => object(&scan, at, depth, |key, at, depth| match key {
            b"imageUrl" => text(&scan, at, &mut avatar),
            _ => scan.skip(at, depth),
        }),
        b"loyalty" => object(&scan, at, depth, |key, at, depth| match key {
            b"tier" => text(&scan, at, &mut tier),
            _ => scan.skip(at, depth),
        }),
        _ => scan.skip(at, depth),
    });
    scan.finish(end.unwrap()).unwrap();
    put(body, b"{\"id\":", &id, out);
    put(body, b",\"name\":", &name, out);
    put(body, b",\"email\":", &email, out);
    put(body, b",\"avatar\":", &avatar, out);
    put(body, b",\"tier\":", &tier, out);
    out.push(b'}');
}

pub fn join(lines: &[u8], products: &[u8], options: &Options, out: &mut Vec<u8>) {
    let scan = Scanner::new(products, options).unwrap();
    let mut by_sku = HashMap::new();
    self::products(&scan, |product| {
        if let Some(text) = product.id.clone().and_then(|id| products.get(id)) {
            by_sku.entry(text).or_insert(product);
        }
    });
    let scan = Scanner::new(lines, options).unwrap();
    out.push(b'[');
    let start = out.len();
    let end = object(&scan, scan.blank(0), 0, |key, at, depth| match key {
        b"lines" => list(&scan, at, depth, |at, depth| {
            let (mut sku, mut qty) = (None, None);
            let end = object(&scan, at, depth, |key, at, depth| match key {
                b"sku" => text(&scan, at, &mut sku),
                b"qty" => {
                    let (end, _) = scan.number(at)?;
                    qty = Some(at..end);
                    Ok(end)
                }
                _ => scan.skip(at, depth),
            })?;
            if out.len() > start {
                out.push(b',');
            }
            put(lines, b"{\"qty\":", &qty, out);
            out.extend_from_slice(b",\"product\":");
            match sku.and_then(|sku| by_sku.get(lines.get(sku)?)) {
                Some(product) => write_product(products, product, out),
                None => out.extend_from_slice(b"null"),
            }
            out.push(b'}');
            Ok(end)
        }),
        _ => scan.skip(at, depth),
    });
    scan.finish(end.unwrap()).unwrap();
    out.push(b']');
}
