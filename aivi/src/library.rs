//! The library, compiled when this crate was built (`build.rs`): it cannot be older than its sources.

use std::sync::OnceLock;

use aivi_compiler::Image;
use aivi_vm::Natives;

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/library.image"));

/// The image of the library.
pub(crate) fn image() -> &'static Image {
    static IMAGE: OnceLock<Image> = OnceLock::new();
    IMAGE.get_or_init(|| Image::open(BYTES).expect("the build wrote an image"))
}

/// The functions of the library that programs may import, to which those of a host come.
pub(crate) fn natives() -> Natives {
    let mut natives = Natives::new();
    natives.extend(aivi_stdlib::NATIVES.iter().copied());
    natives
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
