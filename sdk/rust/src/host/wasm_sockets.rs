//! Sockets of the real host: the component's imports.

use crate::bindings::sockets::squall::scenario::sockets;
use crate::http::Error;

#[derive(Debug)]
pub(crate) struct Tcp(sockets::Tcp);

impl Tcp {
    pub(crate) fn open(name: &str, address: &str, tls: Option<&str>, nanoseconds: u64) -> Result<Self, Error> {
        Ok(Tcp(sockets::Tcp::open(name, address, tls, nanoseconds)?))
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> Result<u64, Error> {
        Ok(self.0.send(bytes)?)
    }

    pub(crate) fn receive(&self, most: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.receive(most, nanoseconds)?)
    }

    pub(crate) fn receive_until(&self, end: &[u8], most: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.receive_until(end, most, nanoseconds)?)
    }

    pub(crate) fn receive_exactly(&self, count: u32, nanoseconds: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.0.receive_exactly(count, nanoseconds)?)
    }

    pub(crate) fn at(&self) -> u64 {
        self.0.at()
    }

    pub(crate) fn finish(&self) {
        self.0.finish();
    }

    pub(crate) fn key(&self) -> u32 {
        self.0.key()
    }
}

#[derive(Debug)]
pub(crate) struct Udp(sockets::Udp);

impl Udp {
    pub(crate) fn open(name: &str, address: &str) -> Result<Self, Error> {
        Ok(Udp(sockets::Udp::open(name, address)?))
    }

    pub(crate) fn send(&self, datagram: &[u8]) -> Result<u64, Error> {
        Ok(self.0.send(datagram)?)
    }

    pub(crate) fn receive(&self, nanoseconds: u64) -> Result<Vec<u8>, Error> {
        Ok(self.0.receive(nanoseconds)?)
    }

    pub(crate) fn at(&self) -> u64 {
        self.0.at()
    }

    pub(crate) fn key(&self) -> u32 {
        self.0.key()
    }
}
