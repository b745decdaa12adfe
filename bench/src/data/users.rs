//! Users: about 2 kB each, of which a screen shows five values.

use serde::Serialize;

use super::chance::Chance;
use super::user_id;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    phone: String,
    locale: &'static str,
    timezone: &'static str,
    created_at: String,
    updated_at: String,
    pub(crate) profile: Profile,
    addresses: Vec<Address>,
    preferences: Preferences,
    pub(crate) loyalty: Loyalty,
    payment_methods: Vec<PaymentMethod>,
    internal: Internal,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    pub(crate) image_url: String,
    bio: String,
    links: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    id: String,
    label: String,
    lines: Vec<String>,
    city: String,
    postcode: String,
    country: &'static str,
    latitude: f64,
    longitude: f64,
    default: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Preferences {
    newsletter: bool,
    currency: &'static str,
    theme: &'static str,
    channels: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Loyalty {
    pub(crate) tier: &'static str,
    points: u64,
    since: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentMethod {
    id: String,
    brand: &'static str,
    last4: String,
    expires: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Internal {
    segment: String,
    risk_score: f64,
    flags: Vec<String>,
    notes: String,
}

/// The user at this place.
pub(crate) fn user(number: usize) -> User {
    let chance = &mut Chance::of(1, number);
    let first = chance.words(1);
    let last = chance.words(1);
    User {
        id: user_id(number),
        name: format!("{first} {last}"),
        email: format!(
            "{}.{}@mail.example",
            first.to_lowercase(),
            last.to_lowercase()
        ),
        phone: format!("+49 30 {:07}", chance.below(10_000_000)),
        locale: "de-DE",
        timezone: "Europe/Berlin",
        created_at: chance.moment(),
        updated_at: chance.moment(),
        profile: Profile {
            image_url: format!("https://images.example.com/users/{}.jpg", chance.token()),
            bio: chance.prose(7),
            links: (0..2)
                .map(|_| format!("https://{}.example", chance.token()))
                .collect(),
        },
        addresses: (0..3).map(|place| address(chance, place == 0)).collect(),
        preferences: Preferences {
            newsletter: true,
            currency: "EUR",
            theme: "dark",
            channels: vec!["email", "push"],
        },
        loyalty: Loyalty {
            tier: "gold",
            points: chance.below(90_000),
            since: chance.moment(),
        },
        payment_methods: (0..2)
            .map(|_| PaymentMethod {
                id: chance.token(),
                brand: "visa",
                last4: format!("{:04}", chance.below(10_000)),
                expires: "2029-04".to_owned(),
            })
            .collect(),
        internal: Internal {
            segment: chance.words(2),
            risk_score: chance.decimal(0, 10_000, 4),
            flags: (0..3).map(|_| chance.words(1)).collect(),
            notes: chance.prose(1),
        },
    }
}

/// An address.
pub(super) fn address(chance: &mut Chance, default: bool) -> Address {
    Address {
        id: chance.token(),
        label: chance.words(1),
        lines: vec![
            format!("{} {}", chance.words(2), 1 + chance.below(200)),
            chance.words(2),
        ],
        city: chance.words(1),
        postcode: format!("{:05}", chance.below(100_000)),
        country: "DE",
        latitude: chance.decimal(470_000, 540_000, 4),
        longitude: chance.decimal(60_000, 140_000, 4),
        default,
    }
}
