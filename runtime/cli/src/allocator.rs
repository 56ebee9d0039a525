//! The program's allocator: mimalloc. An iteration allocates a dozen times, always on its own thread, which is what mimalloc
//! is quickest at. It is built without huge pages (`no_thp`): of the tables that an instance has for each function a user
//! touches few, and 2 MiB at a time is all of them.
//!
//! The crate `mimalloc` asks for every block by its alignment. For sizes that are no power of two, mimalloc 3 then takes a
//! larger block by a slower path: 150 instead of 40 instructions, several times in a request. All of its blocks are aligned
//! for a pointer anyway, so only more than that is asked for here.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::c_void;

use libmimalloc_sys::{
    mi_free, mi_malloc, mi_malloc_aligned, mi_realloc, mi_realloc_aligned, mi_zalloc, mi_zalloc_aligned,
};

/// mimalloc.
pub struct Allocator;

/// Whether every block of mimalloc has this alignment. Its smallest unit is a pointer.
const fn is_natural(alignment: usize) -> bool {
    alignment <= align_of::<usize>()
}

// SAFETY: the functions of mimalloc keep the promises of malloc, zalloc, realloc and free; a block of any of them can be
// given to any other.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any size and any alignment of a layout may be asked for.
        unsafe {
            match is_natural(layout.align()) {
                true => mi_malloc(layout.size()).cast(),
                false => mi_malloc_aligned(layout.size(), layout.align()).cast(),
            }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe {
            match is_natural(layout.align()) {
                true => mi_zalloc(layout.size()).cast(),
                false => mi_zalloc_aligned(layout.size(), layout.align()).cast(),
            }
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, _: Layout) {
        // SAFETY: the caller has it from this allocator.
        unsafe { mi_free(block.cast::<c_void>()) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller has it from this allocator.
        unsafe {
            match is_natural(layout.align()) {
                true => mi_realloc(block.cast(), size).cast(),
                false => mi_realloc_aligned(block.cast(), size, layout.align()).cast(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_every_size_are_aligned_and_keep_what_is_in_them() {
        for size in (1..300).chain([1_000, 4_097, 70_001, 3_000_001]) {
            for alignment in [1, 8, 16, 64, 4_096] {
                let layout = Layout::from_size_align(size, alignment).unwrap();
                // SAFETY: within the blocks, and each is freed once.
                unsafe {
                    let block = Allocator.alloc(layout);
                    block.write_bytes(7, size);
                    let larger = Allocator.realloc(block, layout, 2 * size);
                    assert_eq!((larger as usize % alignment, *larger, *larger.add(size - 1)), (0, 7, 7), "{layout:?}");
                    Allocator.dealloc(larger, Layout::from_size_align(2 * size, alignment).unwrap());
                    let zeroed = Allocator.alloc_zeroed(layout);
                    assert_eq!((zeroed as usize % alignment, *zeroed, *zeroed.add(size - 1)), (0, 0, 0), "{layout:?}");
                    Allocator.dealloc(zeroed, layout);
                }
            }
        }
    }
}
