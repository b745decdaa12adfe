//! The functions that `specs/mobile.yaml` names with `transform`.
//!
//! `bff generate` wrote this file once, from now on it is yours. A function gets what its endpoint's `response`
//! selects, and what it gives back is what the frontend sees. Its type has the fields that the spec names and
//! no others: a field to fill in starts as a literal there, as in `total: 0`.
//!
//! Compute and return. What has to wait for something is a call, and calls stand in the spec. An error's words
//! go to the log, the frontend gets a 500 that doesn't show them; the same becomes of a panic.

use bff_runtime::HookError;
use bff_runtime::hook::Number;

use crate::types;

/// What `GET /basket` answers: with the sum of what can still be bought, one of each, and how many are sold out.
pub fn basket_total(mut answer: types::GetBasket) -> Result<types::GetBasket, HookError> {
    let currency = answer.items.first().map(|item| item.price.currency.clone());
    let mut cents = 0;
    let mut sold_out = 0_u32;
    for item in &answer.items {
        if Some(&item.price.currency) != currency.as_ref() {
            return Err(HookError::new("a basket of several currencies"));
        }
        if item.left.as_f64() < 1.0 {
            sold_out += 1;
        } else {
            cents += in_cents(&item.price.amount)?;
        }
    }
    if let Some(currency) = currency {
        answer.total.currency = currency;
    }
    answer.total.amount = format!("{}.{:02}", cents / 100, cents % 100).parse()?;
    answer.sold_out = sold_out.into();
    Ok(answer)
}

/// An amount in whole cents: sums of floating point numbers are off by one sooner or later.
fn in_cents(amount: &Number) -> Result<u64, HookError> {
    let cents = (amount.as_f64() * 100.0).round();
    if (0.0..1e12).contains(&cents) {
        Ok(cents as u64)
    } else {
        Err(HookError::new(format!("an amount of {amount}")))
    }
}

#[cfg(test)]
mod tests {
    use bff_runtime::serde_json::{from_str, to_string};

    use super::*;

    /// A basket with products of these prices, of each so many left.
    fn basket(products: &[(&str, u32)]) -> types::GetBasket {
        let items: Vec<String> = products
            .iter()
            .map(|(amount, left)| {
                format!(
                    r#"{{"sku":"A","name":"a","price":{{"amount":{amount},"currency":"EUR"}},"image":null,"left":{left}}}"#
                )
            })
            .collect();
        let text = format!(
            r#"{{"items":[{}],"soldOut":0,"total":{{"amount":0.0,"currency":"EUR"}}}}"#,
            items.join(",")
        );
        from_str(&text).expect("it is a basket")
    }

    fn totals(products: &[(&str, u32)]) -> Result<String, String> {
        let answer = basket_total(basket(products)).map_err(|error| error.to_string())?;
        Ok(format!(
            "{} {}",
            answer.sold_out,
            to_string(&answer.total).expect("it can be written")
        ))
    }

    #[test]
    fn what_can_be_bought_is_added_up() {
        for (products, expected) in [
            (&[][..], Ok(r#"0 {"amount":0.00,"currency":"EUR"}"#)),
            (
                &[("79.90", 12), ("0.1", 1), ("0.20", 3)],
                Ok(r#"0 {"amount":80.20,"currency":"EUR"}"#),
            ),
            (
                &[("79.90", 0), ("5", 1)],
                Ok(r#"1 {"amount":5.00,"currency":"EUR"}"#),
            ),
            (&[("-1", 1)], Err("an amount of -1")),
            (&[("1e300", 1)], Err("an amount of 1e300")),
        ] {
            let found = totals(products);
            assert_eq!(found.as_deref().map_err(String::as_str), expected);
        }
    }
}
