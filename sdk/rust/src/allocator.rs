//! The allocator of a component: keeps a virtual user's allocations together, so that an idle one costs little.
//!
//! Every page of 4 KiB that a guest writes to is memory that the host must keep for each of its virtual users. The
//! usual allocator writes to at least three: its own state, the first block, and a mark at the far end of the heap.
//! Here blocks of up to [`LARGEST`] bytes come from one small static area, next to the lists of its free blocks. Larger
//! blocks, and those that do not fit any more, come from the usual allocator, which is not touched before.
//!
//! A block is as large as the next power of two. There is a list of free blocks for each size, and they are never
//! joined: within an area this small there is nothing to win by it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

const AREA: usize = 4 * 1024;
const SMALLEST: usize = 16;
/// The largest block that comes from the area, in bytes.
const LARGEST: usize = 1024;
const SIZES: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;

#[cfg(not(test))]
#[global_allocator]
static ALLOCATOR: Allocator = Allocator::new();

struct Allocator(UnsafeCell<Heap>);

// SAFETY: a component has one thread, and the build for threads (`atomics`) does not compile this module.
unsafe impl Sync for Allocator {}

/// The area is used from its end: the linker puts flags and buffers of the bindings after it, which are written to in
/// any case, and so share a page with the first blocks.
#[repr(C, align(16))]
struct Heap {
    area: [u8; AREA],
    /// Number of bytes of the area that were ever in use. (That this starts at 0 keeps the area out of the file.)
    used: usize,
    /// For each size the first free block, which holds the address of the next.
    free: [*mut u8; SIZES],
}

impl Allocator {
    const fn new() -> Self {
        Allocator(UnsafeCell::new(Heap { area: [0; AREA], used: 0, free: [ptr::null_mut(); SIZES] }))
    }
}

/// Which list a block belongs to; `None` if it is not for the area.
fn size_index(layout: Layout) -> Option<usize> {
    if layout.size() > LARGEST || layout.align() > SMALLEST {
        return None;
    }
    let size = layout.size().max(SMALLEST).next_power_of_two();
    Some((size / SMALLEST).ilog2() as usize)
}

impl Heap {
    fn owns(&self, block: *mut u8) -> bool {
        self.area.as_ptr_range().contains(&block.cast_const())
    }

    /// A block from the area, or null.
    fn take(&mut self, index: usize) -> *mut u8 {
        let first = self.free[index];
        if !first.is_null() {
            // SAFETY: a block on a list is free, at least 16 bytes large and aligned to 16, and contains the link
            // written by `give`.
            self.free[index] = unsafe { first.cast::<*mut u8>().read() };
            return first;
        }
        let size = SMALLEST << index;
        if AREA - self.used < size {
            return ptr::null_mut();
        }
        self.used += size;
        self.area[AREA - self.used..].as_mut_ptr()
    }

    /// Takes a block back.
    ///
    /// # Safety
    ///
    /// It came from `take` with that index, and is not used any more.
    unsafe fn give(&mut self, block: *mut u8, index: usize) {
        // SAFETY: as for `take`; the caller vouches for the block.
        unsafe { block.cast::<*mut u8>().write(self.free[index]) };
        self.free[index] = block;
    }
}

// SAFETY: blocks are as large and as aligned as asked (see `size_index`), and never handed out twice; blocks outside of
// the area are `System`'s. One thread, no re-entry: nothing in here allocates.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if let Some(index) = size_index(layout) {
            // SAFETY: the only reference, as there is one thread and no re-entry.
            let block = unsafe { &mut *self.0.get() }.take(index);
            if !block.is_null() {
                return block;
            }
        }
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the only reference, as there is one thread and no re-entry.
        let heap = unsafe { &mut *self.0.get() };
        match size_index(layout) {
            // SAFETY: it is in the area, so it came from `take`, and with this layout.
            Some(index) if heap.owns(block) => unsafe { heap.give(block, index) },
            // SAFETY: blocks outside of the area came from `System`.
            _ => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: `new_size` fulfils the conditions of a layout, by the caller's promise.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: a shared look, over before anything else is done.
        if !unsafe { &*self.0.get() }.owns(block) {
            // SAFETY: blocks outside of the area came from `System`.
            return unsafe { System.realloc(block, layout, new_size) };
        }
        if size_index(layout) == size_index(new_layout) {
            return block;
        }
        // SAFETY: both blocks are valid for the smaller of the sizes, and distinct.
        unsafe {
            let new_block = self.alloc(new_layout);
            if !new_block.is_null() {
                ptr::copy_nonoverlapping(block, new_block, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            new_block
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_in;
    use crate::testing::Host;

    /// Fills a block with a mark and checks later that no other code wrote there.
    struct Block(*mut u8, Layout, u8);

    impl Block {
        fn new(allocator: &Allocator, size: usize, mark: u8) -> Self {
            let layout = Layout::from_size_align(size, 8).expect("a valid layout");
            // SAFETY: the size is not 0.
            let start = unsafe { allocator.alloc(layout) };
            assert!(!start.is_null() && start.addr() % 8 == 0);
            // SAFETY: it was just allocated with that size.
            unsafe { start.write_bytes(mark, size) };
            Block(start, layout, mark)
        }

        fn check(&self, size: usize) {
            // SAFETY: the block is allocated and written to, and at least `size` large.
            let bytes = unsafe { std::slice::from_raw_parts(self.0, size) };
            assert!(bytes.iter().all(|&byte| byte == self.2));
        }

        fn resize(&mut self, allocator: &Allocator, size: usize) {
            // SAFETY: it is the allocator's block with that layout; the size is not 0.
            self.0 = unsafe { allocator.realloc(self.0, self.1, size) };
            self.check(size.min(self.1.size()));
            self.1 = Layout::from_size_align(size, 8).expect("a valid layout");
            // SAFETY: it was just given that size.
            unsafe { self.0.write_bytes(self.2, size) };
        }

        fn free(self, allocator: &Allocator) {
            self.check(self.1.size());
            // SAFETY: it is the allocator's block with that layout, and gone after this.
            unsafe { allocator.dealloc(self.0, self.1) };
        }
    }

    #[test]
    fn blocks_never_overlap() {
        let allocator = Allocator::new();
        Host::new().run(|| {
            let mut blocks: Vec<Block> = Vec::new();
            for round in 0..20_000 {
                let size = random_in(1..=1 << random_in(1..=11)) as usize;
                let index = random_in(0..=blocks.len() as u64) as usize;
                match random_in(0..3) {
                    0 if index < blocks.len() => blocks.swap_remove(index).free(&allocator),
                    1 if index < blocks.len() => blocks[index].resize(&allocator, size),
                    _ if blocks.len() < 40 => blocks.push(Block::new(&allocator, size, round as u8)),
                    _ => {}
                }
            }
            blocks.drain(..).for_each(|block| block.free(&allocator));
        });
    }

    #[test]
    fn what_is_freed_is_used_again() {
        let allocator = Allocator::new();
        let first = Block::new(&allocator, 100, 1);
        let address = first.0;
        first.free(&allocator);
        let second = Block::new(&allocator, 65, 2);
        assert_eq!(second.0, address);
        second.free(&allocator);
    }

    #[test]
    fn the_usual_allocator_helps_out() {
        let allocator = Allocator::new();
        let owns = |block: &Block| {
            // SAFETY: one thread, a short look.
            unsafe { &*allocator.0.get() }.owns(block.0)
        };
        let large = Block::new(&allocator, LARGEST + 1, 1);
        assert!(!owns(&large));
        let fill: Vec<_> = (0..AREA / LARGEST).map(|_| Block::new(&allocator, LARGEST, 2)).collect();
        assert!(fill.iter().all(owns));
        let beyond = Block::new(&allocator, 16, 3);
        assert!(!owns(&beyond));
        fill.into_iter().chain([large, beyond]).for_each(|block| block.free(&allocator));
    }
}
