//! `squall demo`: a scenario and the shop that it loads, both in this program.

mod shop;

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use squall_guest::{Artifact, GuestLimits};
use tokio::sync::oneshot;

use crate::args::{DemoArgs, HttpArgs};
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::run::Order;
use crate::terminal::say;
use shop::{Faults, Shop};

/// The scenario, built from `guest-examples/shop/rust`.
const COMPONENT: &[u8] = include_bytes!("../../assets/shop.wasm");
const NAME: &str = "shop.wasm (built in)";

/// Runs the demo.
pub fn demo(arguments: &DemoArgs) -> Result<u8, CliError> {
    let faults = Faults { latency: arguments.latency, error_rate: arguments.error_rate };
    if let Some(address) = arguments.serve {
        return serve_until_interrupted(address, faults);
    }
    let open = OpenShop::open(faults).map_err(CliError::Demo)?;
    let artifact =
        Artifact::from_bytes(COMPONENT.to_vec()).map_err(|source| CliError::Guest { name: NAME.to_owned(), source })?;
    let mut typed = from_arguments(&arguments.load, &HttpArgs::default());
    typed.target = Some(format!("http://{}", open.address));
    let limits = GuestLimits { memory: arguments.load.memory };
    Order { name: NAME, artifact, limits, typed, output: &arguments.output }.carry_out()
}

fn serve_until_interrupted(address: SocketAddr, faults: Faults) -> Result<u8, CliError> {
    let serve = async {
        let shop = Shop::bind(address, faults).await?;
        say(&format!("the demo shop is open at http://{} (Ctrl-C closes it)", shop.address()));
        let interrupted = async { drop(tokio::signal::ctrl_c().await) };
        shop.serve(interrupted).await;
        Ok(())
    };
    runtime().and_then(|runtime| runtime.block_on(serve)).map_err(CliError::Demo)?;
    Ok(exit::PASSED)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// A shop on a thread of its own, until dropped.
struct OpenShop {
    address: SocketAddr,
    close: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl OpenShop {
    fn open(faults: Faults) -> io::Result<OpenShop> {
        let runtime = runtime()?;
        let shop = runtime.block_on(Shop::bind(SocketAddr::from(([127, 0, 0, 1], 0)), faults))?;
        let address = shop.address();
        let (close, closed) = oneshot::channel();
        let serve = move || runtime.block_on(shop.serve(async { drop(closed.await) }));
        let thread = std::thread::Builder::new().name("demo-shop".to_owned()).spawn(serve)?;
        Ok(OpenShop { address, close: Some(close), thread: Some(thread) })
    }
}

impl Drop for OpenShop {
    fn drop(&mut self) {
        self.close.take();
        if let Some(thread) = self.thread.take() {
            // A shop that failed has already been noticed by the run.
            let _ = thread.join();
        }
    }
}
