//! The three implementations for a type.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{Ident, Type, parse_quote};

use crate::shape::{Constructor, Content, Kind, NamedField, Record, Shape};

/// `AiviType`, `IntoAivi` and `FromAivi`.
pub(crate) fn implementations(shape: &Shape<'_>) -> TokenStream {
    let (ty, declare, is_scalar) = described(shape);
    let (into, from) = converted(shape);
    let described = implementation(shape, "AiviType");
    let (into_header, from_header) = (implementation(shape, "IntoAivi"), implementation(shape, "FromAivi"));
    let into = (!shape.is_output).then(|| {
        quote! {
            #into_header {
                fn into_aivi(
                    self,
                    shapes: &::aivi::Shapes,
                ) -> ::std::result::Result<::aivi::RawValue, ::aivi::Mismatch> {
                    #into
                }
            }
        }
    });
    quote! {
        #described {
            #is_scalar
            fn ty() -> ::aivi::signature::Type {
                #ty
            }
            fn declare(declarations: &mut ::aivi::derived::Declarations) {
                #declare
            }
        }
        #into
        #from_header {
            fn from_aivi(
                value: &::aivi::RawValue,
                shapes: &::aivi::Shapes,
            ) -> ::std::result::Result<Self, ::aivi::Mismatch> {
                #from
            }
        }
    }
}

/// `impl … for …`, with the trait asked of every type parameter.
fn implementation(shape: &Shape<'_>, name: &str) -> TokenStream {
    let (ident, name) = (shape.ident, format_ident!("{name}"));
    let mut generics = shape.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::aivi::#name));
    }
    let (parameters, _, conditions) = generics.split_for_impl();
    let (_, arguments, _) = shape.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters ::aivi::#name for #ident #arguments #conditions
    }
}

/// The AIVI type, what declares it, and whether it is a scalar.
fn described(shape: &Shape<'_>) -> (TokenStream, TokenStream, TokenStream) {
    let name = &shape.name;
    let parameters: Vec<&Ident> = shape.generics.type_params().map(|parameter| &parameter.ident).collect();
    let count = parameters.len();
    match &shape.kind {
        Kind::Transparent(_, ty) => (
            quote!(<#ty as ::aivi::AiviType>::ty()),
            quote!(<#ty as ::aivi::AiviType>::declare(declarations);),
            quote!(const IS_SCALAR: bool = <#ty as ::aivi::AiviType>::IS_SCALAR;),
        ),
        Kind::Record(record) => {
            let (own, general) = (record_type(record, &[]), record_type(record, &parameters));
            let declaration =
                quote!(::aivi::derived::Declaration::Alias { name: #name, parameters: #count, ty: #general });
            (own, declared(name, &parameters, &types_of(record), &declaration), TokenStream::new())
        }
        Kind::Sum(constructors) => {
            let ty = quote! {
                ::aivi::signature::Type::named(#name, [#(<#parameters as ::aivi::AiviType>::ty()),*])
            };
            let general = constructors.iter().map(|Constructor { name, content, .. }| {
                let types = match content {
                    Content::Arguments(types) => types.iter().map(|ty| type_of(ty, &parameters)).collect(),
                    Content::Record(record) => vec![record_type(record, &parameters)],
                };
                quote!((#name, ::std::vec![#(#types),*]))
            });
            let declaration = quote! {
                ::aivi::derived::Declaration::Sum {
                    name: #name,
                    parameters: #count,
                    constructors: ::std::vec![#(#general),*],
                }
            };
            let mentioned: Vec<&Type> = constructors
                .iter()
                .flat_map(|constructor| match &constructor.content {
                    Content::Arguments(types) => types.clone(),
                    Content::Record(record) => types_of(record),
                })
                .collect();
            (ty, declared(name, &parameters, &mentioned, &declaration), TokenStream::new())
        }
    }
}

fn types_of<'a>(record: &Record<'a>) -> Vec<&'a Type> {
    record.0.iter().map(|field| field.ty).collect()
}

/// Adds a declaration and what it mentions.
fn declared(name: &str, parameters: &[&Ident], mentioned: &[&Type], declaration: &TokenStream) -> TokenStream {
    quote! {
        #(<#parameters as ::aivi::AiviType>::declare(declarations);)*
        declarations.add(#name, |declarations| {
            #(<#mentioned as ::aivi::AiviType>::declare(declarations);)*
            #declaration
        });
    }
}

/// The AIVI type of a record, with placeholders for these parameters.
fn record_type(Record(fields): &Record<'_>, parameters: &[&Ident]) -> TokenStream {
    let types = fields.iter().map(|field| type_of(field.ty, parameters));
    let names = fields.iter().map(|field| &field.name);
    quote!(::aivi::signature::Type::record([#((#names, #types)),*]))
}

fn type_of(ty: &Type, parameters: &[&Ident]) -> TokenStream {
    let ty = with_placeholders(ty.to_token_stream(), parameters);
    quote!(<#ty as ::aivi::AiviType>::ty())
}

fn with_placeholders(tokens: TokenStream, parameters: &[&Ident]) -> TokenStream {
    let replace = |token: TokenTree| match token {
        TokenTree::Ident(ident) => match parameters.iter().position(|parameter| **parameter == ident) {
            Some(index) => quote!(::aivi::derived::Placeholder<#index>),
            None => TokenTree::Ident(ident).into(),
        },
        TokenTree::Group(group) => {
            let inner = with_placeholders(group.stream(), parameters);
            TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inner)).into()
        }
        token => token.into(),
    };
    tokens.into_iter().map(replace).collect()
}

/// The bodies of both conversions.
fn converted(shape: &Shape<'_>) -> (TokenStream, TokenStream) {
    match &shape.kind {
        Kind::Transparent(member, ty) => (
            quote!(::aivi::IntoAivi::into_aivi(self.#member, shapes)),
            quote!(<#ty as ::aivi::FromAivi>::from_aivi(value, shapes).map(|inner| Self { #member: inner })),
        ),
        Kind::Record(record) => {
            let idents = || record.0.iter().map(|field| field.ident);
            let (locals, fields) = (idents(), idents());
            let into = record_into(record);
            let (names, own) = (record_names(record), own_fields(record));
            let count = record.0.len();
            let from_fields = record_from(record);
            (
                quote! {
                    let Self { #(#fields: #own),* } = self;
                    #into
                },
                quote! {
                    const RECORD: ::aivi::derived::RecordType = ::aivi::derived::RecordType::new(#names);
                    let [#(#own),*] = shapes.fields::<Self, #count>(value, &RECORD)?;
                    ::std::result::Result::Ok(Self { #(#locals: #from_fields),* })
                },
            )
        }
        Kind::Sum(constructors) => {
            let into = constructors.iter().map(|constructor| constructor_into(&shape.name, constructor));
            let from = constructors.iter().map(constructor_from);
            let name = &shape.name;
            (
                quote!(match self { #(#into),* }),
                quote! {
                    ::aivi::derived::nested(|| match shapes.constructor_of::<Self>(value, #name)? {
                        #(#from,)*
                        _ => ::std::result::Result::Err(::aivi::Mismatch::of::<Self>(value, shapes)),
                    })
                },
            )
        }
    }
}

/// Names of locals for the fields of a record.
fn own_fields(Record(fields): &Record<'_>) -> Vec<Ident> {
    (0..fields.len()).map(|index| format_ident!("field_{index}")).collect()
}

fn record_names(Record(fields): &Record<'_>) -> TokenStream {
    let names = fields.iter().map(|field| &field.name);
    quote!(&[#(#names),*])
}

/// A record of the locals for its fields.
fn record_into(record: &Record<'_>) -> TokenStream {
    let names = record_names(record);
    let fields = record.0.iter().zip(own_fields(record)).map(|(NamedField { name, .. }, own)| {
        quote!(::aivi::IntoAivi::into_aivi(#own, shapes).map_err(|mismatch| mismatch.in_field(#name))?)
    });
    quote! {{
        const RECORD: ::aivi::derived::RecordType = ::aivi::derived::RecordType::new(#names);
        shapes.record(&RECORD, [#(#fields),*])
    }}
}

/// The fields, of locals that refer to their values.
fn record_from(record: &Record<'_>) -> Vec<TokenStream> {
    let field = |(NamedField { name, ty, .. }, own): (&NamedField<'_>, Ident)| quote!(<#ty as ::aivi::FromAivi>::from_aivi(#own, shapes).map_err(|mismatch| mismatch.in_field(#name))?);
    record.0.iter().zip(own_fields(record)).map(field).collect()
}

/// The arm that makes a value of a variant.
fn constructor_into(data: &str, Constructor { ident, name, content }: &Constructor<'_>) -> TokenStream {
    let constructor = |arity: usize| {
        let arity = u16::try_from(arity).unwrap_or(u16::MAX);
        quote! {
            const CONSTRUCTOR: ::aivi::derived::Constructor =
                ::aivi::derived::Constructor::new(#data, #name, #arity);
        }
    };
    match content {
        Content::Arguments(types) => {
            let locals: Vec<Ident> = (0..types.len()).map(|index| format_ident!("argument_{index}")).collect();
            let members = (0..types.len()).map(syn::Index::from);
            let values = locals.iter().enumerate().map(|(index, local)| {
                let at = place(name, index, types.len());
                quote!(::aivi::IntoAivi::into_aivi(#local, shapes).map_err(|mismatch| #at)?)
            });
            let constructor = constructor(types.len());
            quote!(Self::#ident { #(#members: #locals),* } => {
                #constructor
                shapes.constructed(&CONSTRUCTOR, [#(#values),*])
            })
        }
        Content::Record(record) => {
            let (idents, own) = (record.0.iter().map(|field| field.ident), own_fields(record));
            let (constructor, record) = (constructor(1), record_into(record));
            quote!(Self::#ident { #(#idents: #own),* } => {
                #constructor
                let record = (|| #record)().map_err(|mismatch: ::aivi::Mismatch| mismatch.in_field(#name))?;
                shapes.constructed(&CONSTRUCTOR, [record])
            })
        }
    }
}

/// The arm that takes a value of a variant apart.
fn constructor_from(Constructor { ident, name, content }: &Constructor<'_>) -> TokenStream {
    match content {
        Content::Arguments(types) => {
            let locals: Vec<Ident> = (0..types.len()).map(|index| format_ident!("argument_{index}")).collect();
            let members = (0..types.len()).map(syn::Index::from);
            let values = types.iter().zip(&locals).enumerate().map(|(index, (ty, local))| {
                let at = place(name, index, types.len());
                quote!(<#ty as ::aivi::FromAivi>::from_aivi(#local, shapes).map_err(|mismatch| #at)?)
            });
            quote! {
                (#name, [#(#locals),*]) => ::std::result::Result::Ok(Self::#ident { #(#members: #values),* })
            }
        }
        Content::Record(record) => {
            let (own, names, count) = (own_fields(record), record_names(record), record.0.len());
            let (idents, values) = (record.0.iter().map(|field| field.ident), record_from(record));
            quote! {
                (#name, [argument]) => {
                    const RECORD: ::aivi::derived::RecordType = ::aivi::derived::RecordType::new(#names);
                    let read = || {
                        let [#(#own),*] = shapes.fields::<Self, #count>(argument, &RECORD)?;
                        ::std::result::Result::Ok(Self::#ident { #(#idents: #values),* })
                    };
                    read().map_err(|mismatch: ::aivi::Mismatch| mismatch.in_field(#name))
                }
            }
        }
    }
}

/// Where in a value a mismatch is: `Circle`, or `Node[1]` where there are several arguments.
fn place(name: &str, index: usize, count: usize) -> TokenStream {
    match count {
        1 => quote!(mismatch.in_field(#name)),
        _ => quote!(mismatch.at(#index).in_field(#name)),
    }
}
