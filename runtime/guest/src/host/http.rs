//! `squall:scenario/http`: hands requests to the measured client, and responses to the guest as far as it asks.

mod values;

use std::borrow::Cow;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use send_wrapper::SendWrapper;
use squall_http::{Booked, Client, CookieJar, Error, KeptList, Prepared, RequestOptions, Response};
use squall_plan::Limits;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker, LinkerInstance, Resource, ResourceType, WasmList, WasmStr};

use super::text::{book, text};
use crate::contract::HTTP;
use crate::data_handles::Blob;
use crate::state::{Local, State, local};
use values::Version;
pub(super) use values::{Failure, Timings};

type Headers = WasmList<(WasmStr, WasmStr)>;

#[derive(ComponentType, Lift)]
#[component(record)]
pub(super) struct Request {
    method: WasmStr,
    url: WasmStr,
    headers: Headers,
    body: Option<WasmList<u8>>,
    options: Option<Resource<RequestOptions>>,
}

pub(super) type ResponseResult = Result<Resource<Response>, Failure>;
type Sending<'a, T> = Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>;

pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut interface = linker.instance(HTTP)?;
    link_cookie_jar(&mut interface)?;
    link_request_options(&mut interface)?;
    link_response(&mut interface)?;
    interface
        .func_wrap_async("send", |store: StoreContextMut<'_, State>, (request,): (Request,)| send(store, &request))?;
    interface.func_wrap_async(
        "get",
        |store: StoreContextMut<'_, State>, (url, options): (WasmStr, Option<Resource<RequestOptions>>)| {
            get(store, &url, options.as_ref())
        },
    )?;
    interface.func_wrap_async("send-all", |store: StoreContextMut<'_, State>, (requests,): (WasmList<Request>,)| {
        send_all(store, &requests)
    })?;
    interface.func_wrap(
        "set-default-options",
        |mut store: StoreContextMut<'_, State>, (options,): (Resource<RequestOptions>,)| {
            let given = options_of(local(&store), Some(&options)).clone();
            store.data_mut().local_mut().default_options = given;
            Ok(())
        },
    )?;
    interface.func_wrap("clear-cookies", |store: StoreContextMut<'_, State>, ()| {
        local(&store).user.client().cookie_jar().clear();
        Ok(())
    })
}

fn send<'a>(mut store: StoreContextMut<'a, State>, request: &Request) -> Sending<'a, (ResponseResult,)> {
    let prepared = prepare(&mut store, request);
    send_prepared(store, prepared)
}

fn get<'a>(
    store: StoreContextMut<'a, State>,
    url: &WasmStr,
    options: Option<&Resource<RequestOptions>>,
) -> Sending<'a, (ResponseResult,)> {
    let prepared = prepare_get(&store, url, options);
    send_prepared(store, prepared)
}

fn send_prepared<'a>(
    mut store: StoreContextMut<'a, State>,
    prepared: wasmtime::Result<Result<Box<Prepared>, Error>>,
) -> Sending<'a, (ResponseResult,)> {
    let prepared = match prepared {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => return Box::new(std::future::ready(Ok((Err(error.into()),)))),
        Err(trap) => return Box::new(std::future::ready(Err(trap))),
    };
    let user = Rc::clone(&local(&store).user);
    // Boxed where it is made: it is large, and each move of it would be a copy.
    let sending = SendWrapper::new(Box::pin(async move { user.client().send(prepared).await }));
    Box::new(async move {
        let result = sending.await;
        Ok((hold_response(&mut store, result)?,))
    })
}

fn send_all<'a>(
    mut store: StoreContextMut<'a, State>,
    requests: &WasmList<Request>,
) -> Sending<'a, (Vec<ResponseResult>,)> {
    let prepared = match prepare_all(&mut store, requests) {
        Ok(prepared) => prepared,
        Err(trap) => return Box::new(std::future::ready(Err(trap))),
    };
    let user = Rc::clone(&local(&store).user);
    let sending = SendWrapper::new(Box::pin(async move { user.client().send_all(prepared).await }));
    Box::new(async move {
        let results = sending.await;
        let answers = results.into_iter().map(|result| hold_response(&mut store, result));
        Ok((answers.collect::<wasmtime::Result<Vec<ResponseResult>>>()?,))
    })
}

fn prepare_all(
    store: &mut StoreContextMut<'_, State>,
    requests: &WasmList<Request>,
) -> wasmtime::Result<Vec<Result<Box<Prepared>, Error>>> {
    let most = local(store).most_at_once;
    if requests.len() > most {
        let count = requests.len();
        wasmtime::bail!("send-all was given {count} requests at once (limit {most}, raise with --max-batch)");
    }
    let mut prepared = Vec::with_capacity(requests.len());
    for index in 0..requests.len() {
        let Some(request) = requests.get(&mut *store, index) else {
            break;
        };
        prepared.push(prepare(store, &request?)?);
    }
    Ok(prepared)
}

/// Copies a request out of the guest's memory, straight into the bytes that will be sent. The outer error is a trap.
fn prepare(
    store: &mut StoreContextMut<'_, State>,
    request: &Request,
) -> wasmtime::Result<Result<Box<Prepared>, Error>> {
    with_parts(store, request, |client, RequestParts { method, url, headers, body, options }| {
        let headers = headers.iter().map(|(name, value)| (&**name, &**value));
        client.prepare(method, url, headers, body, options)
    })
}

/// A request, where it lies in the guest's memory.
pub(super) struct RequestParts<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) headers: &'a [(Cow<'a, str>, Cow<'a, str>)],
    pub(super) body: Option<&'a [u8]>,
    pub(super) options: &'a RequestOptions,
}

/// Calls `prepare` with the virtual user's client and the parts of a request.
#[inline]
pub(super) fn with_parts<T>(
    store: &mut StoreContextMut<'_, State>,
    request: &Request,
    prepare: impl FnOnce(&Client, RequestParts<'_>) -> T,
) -> wasmtime::Result<T> {
    let headers = pairs(store, &request.headers)?;
    let store = &*store;
    let mut copies = Vec::new();
    let mut text = |string| booked_text(store, string, &mut copies);
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| Ok((text(name)?, text(value)?))).collect::<wasmtime::Result<_>>()?;
    let body = request.body.as_ref().map(|body| body.as_le_slice(store));
    let (method, url) = (text(&request.method)?, text(&request.url)?);
    let local = local(store);
    let options = options_of(local, request.options.as_ref());
    let parts = RequestParts { method: &method, url: &url, headers: &headers, body, options };
    Ok(prepare(local.user.client(), parts))
}

/// A string of the guest's, borrowed where it can be. What is not UTF-8 there is copied; that is booked as soon as it is known to be so.
#[inline(always)]
fn booked_text<'a>(
    store: &'a StoreContextMut<'_, State>,
    string: &'a WasmStr,
    copies: &mut Vec<Booked>,
) -> wasmtime::Result<Cow<'a, str>> {
    let text = text(store, string)?;
    if let Cow::Owned(copy) = &text {
        copies.push(book(store, copy.capacity())?);
    }
    Ok(text)
}

fn prepare_get(
    store: &StoreContextMut<'_, State>,
    url: &WasmStr,
    options: Option<&Resource<RequestOptions>>,
) -> wasmtime::Result<Result<Box<Prepared>, Error>> {
    let url = text(store, url)?;
    let local = local(store);
    let options = options_of(local, options);
    Ok(local.user.client().prepare("GET", &url, std::iter::empty(), None, options))
}

fn options_of<'a>(local: &'a Local, handle: Option<&Resource<RequestOptions>>) -> &'a RequestOptions {
    handle.and_then(|handle| local.request_options.get(handle.rep())).unwrap_or(&local.default_options)
}

/// A list of pairs that lie in the guest's memory.
fn pairs(store: &mut StoreContextMut<'_, State>, list: &Headers) -> wasmtime::Result<Vec<(WasmStr, WasmStr)>> {
    if list.len() > Limits::HEADERS {
        wasmtime::bail!("a request has {} headers: at most {} are allowed", list.len(), Limits::HEADERS);
    }
    list.iter(store)?.collect()
}

pub(super) fn hold_response(
    store: &mut StoreContextMut<'_, State>,
    result: Result<Box<Response>, Error>,
) -> wasmtime::Result<ResponseResult> {
    match result {
        Ok(response) => {
            let local = store.data_mut().local_mut();
            Ok(Ok(Resource::new_own(local.responses.hold(response)?)))
        }
        Err(error) => Ok(Err(error.into())),
    }
}

fn link_cookie_jar(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource(
        "cookie-jar",
        ResourceType::host::<CookieJar>(),
        |mut store: StoreContextMut<'_, State>, handle| {
            store.data_mut().local_mut().cookie_jars.remove(handle);
            Ok(())
        },
    )?;
    interface.func_wrap("[constructor]cookie-jar", |mut store: StoreContextMut<'_, State>, ()| {
        let jar = store.data_mut().local_mut().new_jar()?;
        Ok((hold_jar(&mut store, jar)?,))
    })?;
    interface.func_wrap("[static]cookie-jar.of-virtual-user", |mut store: StoreContextMut<'_, State>, ()| {
        let jar = Rc::clone(local(&store).user.client().cookie_jar());
        Ok((hold_jar(&mut store, jar)?,))
    })?;
    type Jar = Resource<CookieJar>;
    interface.func_wrap(
        "[method]cookie-jar.set",
        |store: StoreContextMut<'_, State>, (jar, url, cookie): (Jar, WasmStr, WasmStr)| {
            let (url, cookie) = (text(&store, &url)?, text(&store, &cookie)?);
            Ok((local(&store).user.client().set_cookie(cookie_jar(&store, &jar)?, &url, &cookie),))
        },
    )?;
    interface.func_wrap(
        "[method]cookie-jar.get",
        |store: StoreContextMut<'_, State>, (jar, url): (Jar, WasmStr)| {
            let url = text(&store, &url)?;
            Ok((local(&store).user.client().cookies_for(cookie_jar(&store, &jar)?, &url),))
        },
    )?;
    interface.func_wrap("[method]cookie-jar.clear", |store: StoreContextMut<'_, State>, (jar,): (Jar,)| {
        cookie_jar(&store, &jar)?.clear();
        Ok(())
    })
}

fn hold_jar(store: &mut StoreContextMut<'_, State>, jar: Rc<CookieJar>) -> wasmtime::Result<Resource<CookieJar>> {
    Ok(Resource::new_own(store.data_mut().local_mut().cookie_jars.hold(jar)?))
}

pub(super) fn cookie_jar<'a>(
    store: &'a StoreContextMut<'_, State>,
    handle: &Resource<CookieJar>,
) -> wasmtime::Result<&'a Rc<CookieJar>> {
    let jar = local(store).cookie_jars.get(handle.rep());
    jar.ok_or_else(|| wasmtime::format_err!("a cookie-jar that is no longer there"))
}

fn link_request_options(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    interface.resource(
        "request-options",
        ResourceType::host::<RequestOptions>(),
        |mut store: StoreContextMut<'_, State>, handle| {
            store.data_mut().local_mut().request_options.remove(handle);
            Ok(())
        },
    )?;
    interface.func_wrap("[constructor]request-options", |mut store: StoreContextMut<'_, State>, ()| {
        let table = &mut store.data_mut().local_mut().request_options;
        let handle = table.hold(RequestOptions::default())?;
        Ok((Resource::<RequestOptions>::new_own(handle),))
    })?;
    type Options = Resource<RequestOptions>;
    interface.func_wrap(
        "[method]request-options.set-name",
        |mut store: StoreContextMut<'_, State>, (options, name): (Options, WasmStr)| {
            let name = local(&store).worker.recorder.borrow_mut().name(&text(&store, &name)?);
            set(&mut store, &options, |options| options.name = Some(name))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-tags",
        |mut store: StoreContextMut<'_, State>, (options, tags): (Options, Vec<(String, String)>)| {
            let tags = local(&store).worker.recorder.borrow().registry().tag_set(tags);
            set(&mut store, &options, |options| options.tags = Some(tags))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-timeout",
        |mut store: StoreContextMut<'_, State>, (options, ns): (Options, u64)| {
            set(&mut store, &options, |options| options.timeout = Some(Duration::from_nanos(ns)))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-redirects",
        |mut store: StoreContextMut<'_, State>, (options, count): (Options, u32)| {
            set(&mut store, &options, |options| options.redirects = Some(count))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-return-last-redirect",
        |mut store: StoreContextMut<'_, State>, (options, returned): (Options, bool)| {
            set(&mut store, &options, |options| options.return_last_redirect = returned)
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-http-version",
        |mut store: StoreContextMut<'_, State>, (options, version): (Options, Version)| {
            set(&mut store, &options, |options| options.http = Some(version.into()))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-cookie-jar",
        |mut store: StoreContextMut<'_, State>, (options, jar): (Options, Resource<CookieJar>)| {
            let jar = Rc::clone(cookie_jar(&store, &jar)?);
            set(&mut store, &options, |options| options.cookie_jar = Some(jar))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-replaced-cookies",
        |mut store: StoreContextMut<'_, State>, (options, names): (Options, WasmList<WasmStr>)| {
            let names = kept_texts(&mut store, &names)?;
            set(&mut store, &options, |options| options.replaced_cookies = Some(names))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-discard-body",
        |mut store: StoreContextMut<'_, State>, (options, discard): (Options, bool)| {
            set(&mut store, &options, |options| options.discard_body = Some(discard))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-expected-statuses",
        |mut store: StoreContextMut<'_, State>, (options, ranges): (Options, WasmList<(u16, u16)>)| {
            if ranges.len() > Limits::STATUS_RANGES {
                let (count, most) = (ranges.len(), Limits::STATUS_RANGES);
                wasmtime::bail!("{count} ranges of expected statuses: at most {most} are allowed");
            }
            let booked = book(&store, ranges.len() * size_of::<(u16, u16)>())?;
            let ranges = ranges.iter(&mut store)?.collect::<wasmtime::Result<_>>()?;
            let ranges = KeptList::new(ranges, booked);
            set(&mut store, &options, |options| options.expected = Some(ranges))
        },
    )?;
    interface.func_wrap(
        "[method]request-options.set-body-from",
        |mut store: StoreContextMut<'_, State>, (options, blob): (Options, Resource<Blob>)| {
            let body = local(&store).data.blob(&blob)?.clone();
            set(&mut store, &options, |options| options.body = Some(body))
        },
    )
}

/// Copies of texts of the guest's, which are booked one by one.
fn kept_texts(store: &mut StoreContextMut<'_, State>, texts: &WasmList<WasmStr>) -> wasmtime::Result<KeptList<String>> {
    if texts.len() > Limits::HEADERS {
        wasmtime::bail!("{} names of cookies are replaced: at most {} are allowed", texts.len(), Limits::HEADERS);
    }
    let places: Vec<WasmStr> = texts.iter(&mut *store)?.collect::<wasmtime::Result<_>>()?;
    let mut booked = book(store, places.len() * size_of::<String>())?;
    let mut kept = Vec::with_capacity(places.len());
    for place in &places {
        let copy = text(store, place)?;
        booked.add(copy.len())?;
        kept.push(copy.into_owned());
    }
    Ok(KeptList::new(kept, booked))
}

fn set(
    store: &mut StoreContextMut<'_, State>,
    handle: &Resource<RequestOptions>,
    change: impl FnOnce(&mut RequestOptions),
) -> wasmtime::Result<()> {
    let table = &mut store.data_mut().local_mut().request_options;
    let options = table.get_mut(handle.rep());
    change(options.ok_or_else(|| wasmtime::format_err!("request-options that are no longer there"))?);
    Ok(())
}

fn link_response(interface: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Handle = (Resource<Response>,);
    interface.resource(
        "response",
        ResourceType::host::<Response>(),
        |mut store: StoreContextMut<'_, State>, handle| {
            store.data_mut().local_mut().responses.remove(handle);
            Ok(())
        },
    )?;
    interface.func_wrap("[method]response.status", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((response(&store, &handle)?.status(),))
    })?;
    interface.func_wrap("[method]response.reason", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((response(&store, &handle)?.reason().into_owned(),))
    })?;
    interface.func_wrap("[method]response.protocol", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((response(&store, &handle)?.protocol(),))
    })?;
    interface.func_wrap(
        "[method]response.header",
        |store: StoreContextMut<'_, State>, (handle, name): (Resource<Response>, WasmStr)| {
            let name = text(&store, &name)?;
            Ok((response(&store, &handle)?.header(&name).map(|value| value.into_owned()),))
        },
    )?;
    interface.func_wrap("[method]response.headers", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        let headers = response(&store, &handle)?.headers();
        let headers = headers.map(|(name, value)| (String::from(name), value.into_owned()));
        Ok((headers.collect::<Vec<(String, String)>>(),))
    })?;
    interface.func_wrap("[method]response.body", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        // A second copy: lowering needs the store that the response lies in.
        let body = response(&store, &handle)?.body();
        let _booked = book(&store, body.len())?;
        Ok((body.to_vec(),))
    })?;
    interface.func_wrap("[method]response.size", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((response(&store, &handle)?.body().len() as u64,))
    })?;
    interface.func_wrap("[method]response.text", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        let body = response(&store, &handle)?.body();
        // Each byte that is not UTF-8 becomes three.
        let _booked = book(&store, if str::from_utf8(body).is_ok() { body.len() } else { 3 * body.len() })?;
        Ok((String::from_utf8_lossy(body).into_owned(),))
    })?;
    interface.func_wrap("[method]response.url", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((response(&store, &handle)?.url().to_string(),))
    })?;
    interface.func_wrap("[method]response.timings", |store: StoreContextMut<'_, State>, (handle,): Handle| {
        Ok((Timings::from(response(&store, &handle)?.phases()),))
    })
}

fn response<'a>(store: &'a StoreContextMut<'_, State>, handle: &Resource<Response>) -> wasmtime::Result<&'a Response> {
    let response = local(store).responses.get(handle.rep());
    response.map(Box::as_ref).ok_or_else(|| wasmtime::format_err!("a response that is no longer there"))
}
