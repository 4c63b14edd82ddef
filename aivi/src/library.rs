//! The library, compiled when this crate was built (`build.rs`): it cannot be older than its sources.

use std::sync::OnceLock;

use aivi_compiler::Image;

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.image"));

/// The image of the library.
pub(crate) fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| Image::open(BYTES).expect("the build wrote an image"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_image_can_be_read() {
        image().read_all().expect("the build wrote an image");
    }

    #[test]
    fn the_image_has_exactly_the_modules_of_the_library() {
        let modules = aivi_stdlib::modules();
        assert!(modules.iter().all(|(name, _)| image().module(name).is_some()));
        assert_eq!(image().modules(), modules.len());
    }
}
