//! Why a rule says no, in a form that the page and the API can word.

/// A rule said no: a message with its arguments, the article it rests on, and the form field it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub key: &'static str,
    pub args: Vec<(&'static str, String)>,
    pub article: Option<String>,
    pub field: Option<&'static str>,
}

impl Refusal {
    pub const fn new(key: &'static str) -> Self {
        Self {
            key,
            args: Vec::new(),
            article: None,
            field: None,
        }
    }

    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    #[must_use]
    pub fn article(mut self, article: impl Into<String>) -> Self {
        self.article = Some(article.into());
        self
    }

    #[must_use]
    pub const fn at(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
}

/// A room's typed rule error; it knows its own [`Refusal`].
pub trait Rule {
    fn refusal(&self) -> Refusal;
}

impl Rule for Refusal {
    fn refusal(&self) -> Refusal {
        self.clone()
    }
}
