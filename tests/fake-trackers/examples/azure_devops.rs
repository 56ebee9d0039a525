//! A fake of Azure DevOps to try `squall tasks` against: `cargo run -p squall-fake-trackers --example azure_devops`.

#![expect(clippy::print_stdout, reason = "it tells where it is")]

use squall_fake_trackers::{AzureFake, Background, Process};

fn main() {
    let fake = Background::start(|| AzureFake::new(Process::Agile));
    println!("export AZURE_DEVOPS_TOKEN={}", AzureFake::TOKEN);
    println!("squall tasks push last --azure-devops {}/{}", fake.url, AzureFake::PROJECT);
    loop {
        std::thread::park();
    }
}
