//! Closures that can be host functions.

/// A closure of up to eight parameters; `A` is the tuple of their types. All closures that are `Send + Sync` are.
pub trait HostFunction<A>: Send + Sync + 'static {
    /// What it gives.
    type Output;

    /// Calls it.
    fn apply(&self, arguments: A) -> Self::Output;
}

macro_rules! functions {
    ($(($($name:ident $field:tt),*);)*) => {$(
        impl<Closure, Output, $($name),*> HostFunction<($($name,)*)> for Closure
        where
            Closure: Fn($($name),*) -> Output + Send + Sync + 'static,
        {
            type Output = Output;

            #[inline]
            #[allow(unused_variables, reason = "there may be no parameter")]
            fn apply(&self, arguments: ($($name,)*)) -> Output {
                self($(arguments.$field),*)
            }
        }
    )*};
}

functions! {
    ();
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
}
