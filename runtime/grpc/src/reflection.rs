//! What a server tells of itself (<https://github.com/grpc/grpc/blob/master/doc/server-reflection.md>). The user of this
//! module carries requests and responses on one stream, in turns.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use prost_reflect::DescriptorPool;
use prost_reflect::prost::{self, Message, Oneof};
use thiserror::Error;

use crate::schema::{Schema, SchemaError};

/// Most files, and most bytes of them, that are taken from a server.
const MOST_FILES: usize = 4_096;
const MOST_BYTES: usize = 32 << 20;

/// The versions of the protocol, which differ only in their names. A server that lacks the first may have the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reflection {
    /// `grpc.reflection.v1`.
    V1,
    /// `grpc.reflection.v1alpha`.
    V1Alpha,
}

impl Reflection {
    /// The path of its calls.
    pub fn path(self) -> &'static str {
        match self {
            Reflection::V1 => "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            Reflection::V1Alpha => "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        }
    }
}

/// Why a server's description of itself cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ReflectionError {
    /// A response is none of the protocol's.
    #[error("a response of the reflection service cannot be read: {0}")]
    Malformed(String),
    /// The server refuses to answer.
    #[error("the reflection service answers {about} with error {code}: {text}")]
    Refused {
        /// The question.
        about: String,
        /// The code of its error.
        code: i32,
        /// Its text.
        text: String,
    },
    /// There is more than is taken.
    #[error("the reflection service sends more than {MOST_FILES} files or {} MiB (limit)", MOST_BYTES >> 20)]
    TooMuch,
    /// The server ended the call before all questions were answered.
    #[error("the reflection service ended the call before it had answered all questions")]
    Incomplete,
    /// The files do not fit together.
    #[error(transparent)]
    Schema(#[from] SchemaError),
}

#[derive(Message)]
struct Request {
    #[prost(oneof = "Question", tags = "3, 4, 7")]
    question: Option<Question>,
}

#[derive(Clone, Oneof)]
enum Question {
    #[prost(string, tag = "3")]
    FileByName(String),
    #[prost(string, tag = "4")]
    FileOfSymbol(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

#[derive(Message)]
struct Response {
    #[prost(oneof = "Answer", tags = "4, 6, 7")]
    answer: Option<Answer>,
}

#[derive(Oneof)]
enum Answer {
    #[prost(message, tag = "4")]
    Files(Files),
    #[prost(message, tag = "6")]
    Services(Services),
    #[prost(message, tag = "7")]
    Error(Refusal),
}

#[derive(Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    descriptors: Vec<Vec<u8>>,
}

#[derive(Message)]
struct Services {
    #[prost(message, repeated, tag = "1")]
    services: Vec<Service>,
}

#[derive(Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Message)]
struct Refusal {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    text: String,
}

/// The part of a `FileDescriptorProto` that is looked at.
#[derive(Message)]
struct FileHead {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, repeated, tag = "3")]
    imports: Vec<String>,
}

/// A server's services and their files, as far as they are known.
#[derive(Debug)]
pub struct Discovery {
    questions: VecDeque<Question>,
    asked: Option<Question>,
    files: BTreeMap<String, Vec<u8>>,
    /// Files that were asked for by name.
    wanted: BTreeSet<String>,
    size: usize,
}

impl Default for Discovery {
    fn default() -> Discovery {
        Discovery {
            questions: VecDeque::from([Question::ListServices(String::new())]),
            asked: None,
            files: BTreeMap::new(),
            wanted: BTreeSet::new(),
            size: 0,
        }
    }
}

impl Discovery {
    /// The next request; none when everything is known. Its response must come before the request after it.
    pub fn next_request(&mut self) -> Option<Vec<u8>> {
        let question = self.questions.pop_front()?;
        self.asked = Some(question.clone());
        Some(Request { question: Some(question) }.encode_to_vec())
    }

    /// Takes the response to the last request.
    ///
    /// # Errors
    /// If it is of no use.
    pub fn receive(&mut self, response: &[u8]) -> Result<(), ReflectionError> {
        let malformed = |text: &str| ReflectionError::Malformed(text.to_owned());
        let response = Response::decode(response).map_err(|error| malformed(&error.to_string()))?;
        let asked = self.asked.take().ok_or_else(|| malformed("it was not asked for"))?;
        match (response.answer, &asked) {
            (Some(Answer::Services(listed)), Question::ListServices(_)) => {
                if listed.services.len() > MOST_FILES {
                    return Err(ReflectionError::TooMuch);
                }
                let names = listed.services.into_iter().map(|service| service.name);
                self.questions.extend(names.filter(|name| !is_reflection(name)).map(Question::FileOfSymbol));
                Ok(())
            }
            (Some(Answer::Files(files)), Question::FileOfSymbol(_) | Question::FileByName(_)) => {
                files.descriptors.into_iter().try_for_each(|file| self.take_file(file))
            }
            (Some(Answer::Error(refusal)), _) => {
                Err(ReflectionError::Refused { about: asked.about(), code: refusal.code, text: refusal.text })
            }
            _ => Err(malformed("it answers another question")),
        }
    }

    fn take_file(&mut self, file: Vec<u8>) -> Result<(), ReflectionError> {
        let head = FileHead::decode(&*file).map_err(|error| ReflectionError::Malformed(error.to_string()))?;
        self.wanted.insert(head.name.clone());
        if self.files.contains_key(&head.name) {
            return Ok(());
        }
        self.size += file.len();
        self.files.insert(head.name, file);
        if self.size > MOST_BYTES || self.files.len() > MOST_FILES || self.wanted.len() > MOST_FILES {
            return Err(ReflectionError::TooMuch);
        }
        for import in head.imports {
            if self.wanted.insert(import.clone()) {
                self.questions.push_back(Question::FileByName(import));
            }
        }
        Ok(())
    }

    /// The schema, when there are no more requests.
    ///
    /// # Errors
    /// If a question was not answered, or the files do not fit together.
    pub fn finish(self) -> Result<Schema, ReflectionError> {
        if self.asked.is_some() || !self.questions.is_empty() {
            return Err(ReflectionError::Incomplete);
        }
        let mut set = Vec::with_capacity(self.size);
        for file in self.files.into_values() {
            // A `FileDescriptorSet` has nothing but its files, as field 1.
            prost::encoding::bytes::encode(1, &file, &mut set);
        }
        let pool = DescriptorPool::decode(&*set).map_err(|error| SchemaError::Descriptors(error.to_string()))?;
        Ok(Schema::of_pool(pool))
    }
}

impl Question {
    fn about(&self) -> String {
        match self {
            Question::FileByName(name) => format!("the question for file {name}"),
            Question::FileOfSymbol(name) => format!("the question for the file of {name}"),
            Question::ListServices(_) => "the question for its services".to_owned(),
        }
    }
}

/// The protocol's own service, whose file many servers do not have.
fn is_reflection(service: &str) -> bool {
    service.starts_with("grpc.reflection.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(answer: Answer) -> Vec<u8> {
        Response { answer: Some(answer) }.encode_to_vec()
    }

    /// A `FileDescriptorProto` with a name, imports, and the service `p.S` if it is "s.proto".
    fn file(name: &str, imports: &[&str]) -> Vec<u8> {
        let imports = imports.iter().map(|import| (*import).to_owned()).collect();
        let mut file = FileHead { name: name.to_owned(), imports }.encode_to_vec();
        if name == "s.proto" {
            file.extend_from_slice(b"\x12\x01p\x22\x03\x0a\x01A");
            file.extend_from_slice(b"\x32\x13\x0a\x01S\x12\x0e\x0a\x01M\x12\x04.p.A\x1a\x03p.A");
        }
        file
    }

    fn files(files: Vec<Vec<u8>>) -> Vec<u8> {
        answer(Answer::Files(Files { descriptors: files }))
    }

    fn service(name: &str) -> Service {
        Service { name: name.to_owned() }
    }

    fn services() -> Vec<u8> {
        let services = vec![service("grpc.reflection.v1.ServerReflection"), service("p.S")];
        answer(Answer::Services(Services { services }))
    }

    #[test]
    fn files_are_asked_for_until_none_is_missing() {
        let mut discovery = Discovery::default();
        assert_eq!(discovery.next_request().as_deref(), Some(&b"\x3a\x00"[..]));
        discovery.receive(&services()).expect("an answer");
        assert_eq!(discovery.next_request().as_deref(), Some(&b"\x22\x03p.S"[..]));
        discovery.receive(&files(vec![file("s.proto", &["b.proto"])])).expect("an answer");
        assert_eq!(discovery.next_request().as_deref(), Some(&b"\x1a\x07b.proto"[..]));
        discovery.receive(&files(vec![file("b.proto", &[])])).expect("an answer");
        assert_eq!(discovery.next_request(), None);
        let schema = discovery.finish().expect("whole");
        assert_eq!(schema.methods(), ["p.S/M"]);
    }

    #[test]
    fn answers_of_no_use_are_errors() {
        let mut discovery = Discovery::default();
        discovery.next_request();
        let refusal = answer(Answer::Error(Refusal { code: 5, text: "gone".to_owned() }));
        let error = discovery.receive(&refusal).unwrap_err().to_string();
        assert_eq!(error, "the reflection service answers the question for its services with error 5: gone");
        assert!(matches!(discovery.receive(&services()), Err(ReflectionError::Malformed(_))));

        let mut discovery = Discovery::default();
        discovery.next_request();
        discovery.receive(&services()).expect("an answer");
        assert_eq!(discovery.finish().map(|_| ()), Err(ReflectionError::Incomplete));
    }

    #[test]
    fn a_server_cannot_send_without_end() {
        let mut discovery = Discovery::default();
        let mut answered = Ok(());
        discovery.next_request();
        discovery.receive(&services()).expect("an answer");
        for number in 0.. {
            discovery.next_request().expect("one more import");
            let next = format!("{}.proto", number + 1);
            answered = discovery.receive(&files(vec![file(&format!("{number}.proto"), &[&next])]));
            if answered.is_err() {
                break;
            }
        }
        assert_eq!(answered, Err(ReflectionError::TooMuch));
    }
}
