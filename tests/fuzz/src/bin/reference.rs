//! Image references: what is read is printed so that it is read as the same.
#![no_main]

use docktag::image::Reference;
use docktag::naming::Name;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(reference) = Reference::parse(text) {
        assert_eq!(Reference::parse(&reference.to_string()).as_ref(), Ok(&reference));
    }
    if let Ok(name) = Name::of_image(text)
        && let Ok(image) = name.tagged("900150983cd24fb0d6963f7d28e17f72")
    {
        assert_eq!(Name::of_image(&image.to_string()), Ok(name));
    }
});
