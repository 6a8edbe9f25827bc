//! Macros for the small types of every room: [`id!`](crate::id), [`text_enum!`](crate::text_enum)
//! and [`text_value!`](crate::text_value).
//!
//! The database forms are two generic impls a type, not one per backend: they hold for `SQLite`,
//! for `PostgreSQL` and for the backend that joins both.

pub use crate::{id, text_enum, text_value};

/// An id that is no positive whole number.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an id")]
pub struct BadId;

/// A text that is none of an enum's words.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text:?} is no {kind}")]
pub struct UnknownText {
    /// The enum's name.
    pub kind: &'static str,
    /// What was read instead of one of its words.
    pub text: String,
}

/// Reads an id as it stands in a path: ASCII digits, no sign, no leading zero, 1 or more, so that
/// one thing has one address.
pub fn parse_id(text: &str) -> Result<i64, BadId> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(id) if canonical => Ok(id),
        _ => Err(BadId),
    }
}

/// `id!(TenderId)` makes an `i64` newtype for a primary key: parsed from a path, shown in a link,
/// serialized as the number, bound as `BigInt`.
#[macro_export]
macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd,
            ::serde::Serialize, ::serde::Deserialize, ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[serde(transparent)]
        #[diesel(sql_type = ::diesel::sql_types::BigInt)]
        pub struct $name(pub i64);

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::kernel::ids::BadId;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                $crate::kernel::ids::parse_id(text).map(Self)
            }
        }

        $crate::big_int_column!($name);
    };
}

/// `text_enum!(TenderState { Draft = "draft", Open = "open" })` makes a `Copy` enum whose words are
/// its form in the database, in JSON and in forms.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd,
            ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = ::diesel::sql_types::Text)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            /// Every value, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for the value in the database, JSON and forms.
            pub const fn as_str(&self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::kernel::ids::UnknownText;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::kernel::ids::UnknownText {
                        kind: stringify!($name),
                        text: text.to_owned(),
                    }),
                }
            }
        }

        $crate::text_column!($name);
    };
}

/// `text_value!(RegionCode, RegionCodeError)` makes a `String` newtype that only
/// `fn parse(&str) -> Result<Self, Error>`, written by its owner, can build.
#[macro_export]
macro_rules! text_value {
    ($(#[$meta:meta])* $name:ident, $error:ty) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd,
            ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = ::diesel::sql_types::Text)]
        pub struct $name(String);

        impl $name {
            /// The value as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        $crate::text_column!($name);
    };
}

/// The forms that a type with `as_str` and `FromStr` shares: `Display`, serde, `Text` column.
#[doc(hidden)]
#[macro_export]
macro_rules! text_column {
    ($name:ident) => {
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                <String as ::serde::Deserialize>::deserialize(deserializer)?
                    .parse()
                    .map_err(::serde::de::Error::custom)
            }
        }

        impl<DB: ::diesel::backend::Backend>
            ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB> for $name
        where
            str: ::diesel::serialize::ToSql<::diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                self.as_str().to_sql(out)
            }
        }

        impl<DB: ::diesel::backend::Backend>
            ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB> for $name
        where
            String: ::diesel::deserialize::FromSql<::diesel::sql_types::Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                let text: String = ::diesel::deserialize::FromSql::from_sql(bytes)?;
                Ok(text.parse()?)
            }
        }
    };
}

/// The `BigInt` column of a newtype over `i64`.
#[doc(hidden)]
#[macro_export]
macro_rules! big_int_column {
    ($name:ident) => {
        impl<DB: ::diesel::backend::Backend>
            ::diesel::serialize::ToSql<::diesel::sql_types::BigInt, DB> for $name
        where
            i64: ::diesel::serialize::ToSql<::diesel::sql_types::BigInt, DB>,
        {
            fn to_sql<'b>(
                &'b self,
                out: &mut ::diesel::serialize::Output<'b, '_, DB>,
            ) -> ::diesel::serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl<DB: ::diesel::backend::Backend>
            ::diesel::deserialize::FromSql<::diesel::sql_types::BigInt, DB> for $name
        where
            i64: ::diesel::deserialize::FromSql<::diesel::sql_types::BigInt, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                ::diesel::deserialize::FromSql::from_sql(bytes).map(Self)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    id!(
        /// An id to test with.
        SampleId
    );
    text_enum!(SampleState { Draft = "draft", InReview = "in_review" });

    #[test]
    fn ids_are_canonical_positive_numbers() {
        assert_eq!("42".parse(), Ok(SampleId(42)));
        assert_eq!("9223372036854775807".parse(), Ok(SampleId(i64::MAX)));
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "007",
            " 1",
            "1.0",
            "x",
            "１",
            "9223372036854775808",
        ] {
            assert_eq!(bad.parse::<SampleId>(), Err(BadId), "{bad:?}");
        }
    }

    #[test]
    fn words_go_there_and_back() {
        assert_eq!(SampleState::ALL.len(), 2);
        for state in SampleState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
            assert_eq!(state.to_string(), state.as_str());
        }
        assert_eq!(format!("[{:>6}]", SampleState::Draft), "[ draft]");
        let unknown = "Draft".parse::<SampleState>().unwrap_err();
        assert_eq!(
            unknown,
            UnknownText {
                kind: "SampleState",
                text: "Draft".into()
            }
        );
        assert_eq!(unknown.to_string(), "\"Draft\" is no SampleState");
    }

    #[test]
    fn json_is_the_bare_number_or_word() {
        use serde::de::value::{Error, I64Deserializer, StrDeserializer};
        use serde::{Deserialize, de::IntoDeserializer};
        let id: I64Deserializer<Error> = 7_i64.into_deserializer();
        assert_eq!(SampleId::deserialize(id), Ok(SampleId(7)));
        let word: StrDeserializer<'_, Error> = "in_review".into_deserializer();
        assert_eq!(SampleState::deserialize(word), Ok(SampleState::InReview));
        let unknown: StrDeserializer<'_, Error> = "gone".into_deserializer();
        assert!(SampleState::deserialize(unknown).is_err());
    }

    proptest! {
        #[test]
        fn ids_go_there_and_back(id in 1..=i64::MAX) {
            prop_assert_eq!(SampleId(id).to_string().parse(), Ok(SampleId(id)));
        }
    }
}
