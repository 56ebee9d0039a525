//! `squall demo`: a scenario and the shop that it loads, both in this program.

use std::io;
use std::net::SocketAddr;

use squall_control::{Background, End, runtime};
use squall_guest::Artifact;
use squall_shop::{Faults, Shop};

use crate::args::{DemoArgs, HttpArgs};
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::run::Order;
use crate::sandbox::args::SandboxArgs;
use crate::stderr::print_status;

/// The scenario, built from `guest-examples/shop/rust`.
const COMPONENT: &[u8] = include_bytes!("../assets/shop.wasm");
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
    let (sandbox, control, output) = (&SandboxArgs::default(), &arguments.control, &arguments.output);
    let limits = sandbox.limits.limits(arguments.load.memory);
    let (name, plan_file) = (NAME.to_owned(), None);
    let others = Vec::new();
    Order { name, artifact, others, limits, typed, plan_file, sandbox, url: None, control, output }.carry_out()
}

fn serve_until_interrupted(address: SocketAddr, faults: Faults) -> Result<u8, CliError> {
    let serve = async {
        let shop = Shop::bind(address, faults).await?;
        print_status(&format!("the demo shop is open at http://{} (Ctrl-C closes it)", shop.address()));
        let interrupted = async { drop(tokio::signal::ctrl_c().await) };
        shop.serve(interrupted).await;
        Ok(())
    };
    runtime().and_then(|runtime| runtime.block_on(serve)).map_err(CliError::Demo)?;
    Ok(exit::PASSED)
}

/// A shop on a thread of its own, until dropped.
struct OpenShop {
    address: SocketAddr,
    _server: Background,
}

impl OpenShop {
    fn open(faults: Faults) -> io::Result<OpenShop> {
        let runtime = runtime()?;
        let shop = runtime.block_on(Shop::bind(SocketAddr::from(([127, 0, 0, 1], 0)), faults))?;
        let address = shop.address();
        let serve = |end: End| shop.serve(async { drop(end.await) });
        Ok(OpenShop { address, _server: Background::begin("demo-shop", runtime, serve)? })
    }
}
