//! A Rust type as AIVI sees it.

use proc_macro2::Span;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Generics, Ident, LitStr, Member, Result, Type};

/// A type.
pub(crate) struct Shape<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// In AIVI.
    pub(crate) name: String,
    pub(crate) kind: Kind<'a>,
    /// It only comes out of AIVI.
    pub(crate) is_output: bool,
}

/// What it is.
pub(crate) enum Kind<'a> {
    /// Converted as this field.
    Transparent(Member, &'a Type),
    /// A record.
    Record(Record<'a>),
    /// A sum type.
    Sum(Vec<Constructor<'a>>),
}

/// The fields of a record, sorted by their names in AIVI.
pub(crate) struct Record<'a>(pub(crate) Vec<NamedField<'a>>);

/// A field.
pub(crate) struct NamedField<'a> {
    pub(crate) ident: &'a Ident,
    /// In AIVI.
    pub(crate) name: String,
    pub(crate) ty: &'a Type,
}

/// A variant.
pub(crate) struct Constructor<'a> {
    pub(crate) ident: &'a Ident,
    /// In AIVI.
    pub(crate) name: String,
    pub(crate) content: Content<'a>,
}

/// What a variant holds.
pub(crate) enum Content<'a> {
    /// Types of arguments; none of a unit variant.
    Arguments(Vec<&'a Type>),
    /// One record.
    Record(Record<'a>),
}

/// Reads the input of the derive.
pub(crate) fn read(input: &DeriveInput) -> Result<Shape<'_>> {
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return Err(Error::new(
            lifetime.lifetime.span(),
            "values of AIVI own what they hold: a type with references has no counterpart",
        ));
    }
    let Named { name, span, is_output } = name_of(&input.attrs, &input.ident)?;
    let name = type_name(name, span)?;
    let kind = match &input.data {
        Data::Struct(data) => structure(input, &data.fields)?,
        Data::Enum(data) if data.variants.is_empty() => {
            return Err(Error::new(
                input.ident.span(),
                "an enum without variants has no values, and no counterpart in AIVI",
            ));
        }
        Data::Enum(data) => Kind::Sum(data.variants.iter().map(read_constructor).collect::<Result<_>>()?),
        Data::Union(_) => return Err(Error::new(input.ident.span(), "a union has no counterpart in AIVI")),
    };
    Ok(Shape { ident: &input.ident, generics: &input.generics, name, kind, is_output })
}

fn structure<'a>(input: &DeriveInput, fields: &'a Fields) -> Result<Kind<'a>> {
    match fields {
        Fields::Named(named) if !named.named.is_empty() => Ok(Kind::Record(record(fields)?)),
        Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1 => {
            Ok(Kind::Transparent(Member::from(0), &unnamed.unnamed[0].ty))
        }
        _ => Err(Error::new(
            input.ident.span(),
            "expected a struct with named fields (a record in AIVI) or with one nameless field (converted as that)",
        )),
    }
}

fn read_constructor(variant: &syn::Variant) -> Result<Constructor<'_>> {
    let content = match &variant.fields {
        Fields::Named(named) if named.named.is_empty() => Content::Arguments(Vec::new()),
        Fields::Named(_) => Content::Record(record(&variant.fields)?),
        fields => Content::Arguments(fields.iter().map(|field| &field.ty).collect()),
    };
    let Named { name, span, .. } = name_of(&variant.attrs, &variant.ident)?;
    Ok(Constructor { ident: &variant.ident, name: type_name(name, span)?, content })
}

fn record(fields: &Fields) -> Result<Record<'_>> {
    let mut fields = fields.iter().filter_map(read_field).collect::<Result<Vec<_>>>()?;
    fields.sort_by(|left, right| left.name.cmp(&right.name));
    match fields.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(Error::new(pair[1].ident.span(), "two fields have this name in AIVI")),
        None => Ok(Record(fields)),
    }
}

fn read_field(field: &Field) -> Option<Result<NamedField<'_>>> {
    let ident = field.ident.as_ref()?;
    let named = name_of(&field.attrs, ident).and_then(|Named { name, span, .. }| {
        let fits = name.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_') && is_name(&name);
        let problem = format!(
            "`{name}` is no name of a field in AIVI, which begins with a small letter: add `#[aivi(rename = \"…\")]`"
        );
        if fits { Ok(name) } else { Err(Error::new(span, problem)) }
    });
    Some(named.map(|name| NamedField { ident, name, ty: &field.ty }))
}

/// The name of a type or constructor.
fn type_name(name: String, span: Span) -> Result<String> {
    if name.starts_with(|letter: char| letter.is_ascii_uppercase()) && is_name(&name) {
        return Ok(name);
    }
    Err(Error::new(
        span,
        format!("`{name}` is no name of a type or constructor in AIVI, which begins with a capital letter"),
    ))
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What attributes say.
struct Named {
    /// Their name, or that of Rust, and where it stands.
    name: String,
    span: Span,
    is_output: bool,
}

fn name_of(attributes: &[Attribute], ident: &Ident) -> Result<Named> {
    let text = ident.to_string();
    let name = text.strip_prefix("r#").unwrap_or(&text).to_owned();
    let mut named = Named { name, span: ident.span(), is_output: false };
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("aivi")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("output") {
                named.is_output = true;
                return Ok(());
            }
            if !meta.path.is_ident("rename") {
                return Err(meta.error("expected `rename = \"…\"`, or `output` on a type"));
            }
            let text: LitStr = meta.value()?.parse()?;
            (named.name, named.span) = (text.value(), text.span());
            Ok(())
        })?;
    }
    Ok(named)
}
