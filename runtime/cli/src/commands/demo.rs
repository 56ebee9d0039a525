//! `squall demo`: a scenario and the shop that it loads, both in this program.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use squall_control::{Background, End, runtime};
use squall_guest::Artifact;
use squall_plan::parse_typed_duration;
use squall_session::{OpenFile, TestRun, is_standard_output};
use squall_shop::{Faults, Shop};

use crate::args::control::ControlArgs;
use crate::args::limits::LimitArgs;
use crate::args::load::LoadArgs;
use crate::args::options::RequestOptions;
use crate::args::output::OutputArgs;
use crate::commands::run::{component, execute};
use crate::console::TerminalConsole;
use crate::error::CliError;
use crate::exit;
use crate::options::from_arguments;
use crate::stderr::print_status;
use crate::values::parse_share;

/// `squall demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Added to every answer of the shop
    ///
    /// See what bad looks like: 300ms.
    #[arg(long, value_name = "TIME", value_parser = parse_typed_duration, default_value = "5ms", help_heading = "Shop")]
    pub latency: Duration,
    /// Share of requests that get 503: 5%
    ///
    /// 0.05, or 5%.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, default_value = "0", help_heading = "Shop")]
    pub error_rate: f64,
    /// Only serve the shop, until interrupted
    ///
    /// At this address: to try your own scenarios against.
    #[arg(long, value_name = "ADDRESS", help_heading = "Shop")]
    pub serve: Option<SocketAddr>,
    /// Only write the scenario into a file
    ///
    /// To run it with squall run.
    #[arg(long, value_name = "FILE.wasm", conflicts_with = "serve", help_heading = "Shop")]
    pub save: Option<PathBuf>,
    #[command(flatten)]
    pub load: LoadArgs,
    #[command(flatten)]
    pub control: ControlArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The scenario, built from `guest-examples/shop/rust`.
const COMPONENT: &[u8] = include_bytes!("../../assets/shop.wasm");
const NAME: &str = "shop.wasm (built in)";

/// Runs the demo.
pub fn demo(arguments: &DemoArgs) -> Result<u8, CliError> {
    let faults = Faults { latency: arguments.latency, error_rate: arguments.error_rate };
    if let Some(address) = arguments.serve {
        return serve_until_interrupted(address, faults);
    }
    if let Some(path) = &arguments.save {
        return save(path);
    }
    let open = OpenShop::open(faults).map_err(CliError::Demo)?;
    let component = component(NAME, Artifact::from_bytes(COMPONENT.to_vec()), None)?;
    let mut typed = from_arguments(&arguments.load, &RequestOptions::default());
    typed.target = Some(format!("http://{}", open.address));
    let limits = LimitArgs::default().limits(arguments.load.memory);
    let test = TestRun {
        control: arguments.control.settings(),
        output: arguments.output.settings(),
        ..TestRun::of(component, typed, limits)
    };
    execute(&test, &TerminalConsole::of(&arguments.output, &test)?)
}

fn save(path: &Path) -> Result<u8, CliError> {
    OpenFile::create("--save", path)?.write(COMPONENT)?;
    if is_standard_output(path) {
        return Ok(exit::PASSED);
    }
    let name = path.display();
    print_status(&format!(
        "{name}: run it with `squall run {name} --target URL`; `squall demo --serve ADDRESS` has a shop for it"
    ));
    Ok(exit::PASSED)
}

/// A port that is taken is the user's to change.
fn with_remedy(error: io::Error, address: SocketAddr) -> io::Error {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            io::Error::new(error.kind(), format!("{address} is in use: choose another port, or 0 for a free one"))
        }
        _ => error,
    }
}

fn serve_until_interrupted(address: SocketAddr, faults: Faults) -> Result<u8, CliError> {
    let serve = async {
        let shop = Shop::bind(address, faults).await.map_err(|error| with_remedy(error, address))?;
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
