//! An allocator that counts, thread by thread, the memory in use while a target runs. A test binary installs it:
//! `#[global_allocator] static ALLOCATOR: squall_fuzzing::Counting = squall_fuzzing::Counting;`

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crate::watch;

/// The system's allocator, counted.
pub struct Counting;

/// More than this is a runaway: it is stopped before it harms the machine.
const FAR_TOO_MUCH: isize = 2 << 30;

thread_local! {
    /// The memory in use, and its maximum. Other threads free little of it.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// The most memory that `work` used at once, in bytes; 0 with another allocator.
pub fn most_held(work: impl FnOnce()) -> usize {
    HELD.set(0);
    MOST.set(0);
    work();
    MOST.get().unsigned_abs()
}

fn grow(by: isize) {
    // A thread that is ending has no counter any more.
    let Ok(held) = HELD.try_with(|held| {
        held.set(held.get() + by);
        held.get()
    }) else {
        return;
    };
    let _ = MOST.try_with(|most| most.set(most.get().max(held)));
    if held > FAR_TOO_MUCH {
        HELD.set(isize::MIN / 2);
        watch::give_up_on_current("it takes more than 2 GiB");
    }
}

// SAFETY: the system's allocator does all the work; the counting itself allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        grow(-(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grow(size as isize - layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
