// What the test says inside Thunderbird: the calls that its own windows and menus make, each as a promise.
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const { setTimeout } = ChromeUtils.importESModule("resource://gre/modules/Timer.sys.mjs");

function sleep(ms) {
  return new Promise(done => setTimeout(done, ms));
}

// The first true value of `look`; `what` names what is waited for.
async function until(look, what, ms = patience) {
  for (const end = Date.now() + ms; ; await sleep(20)) {
    const found = look();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      const windows = [...Services.wm.getEnumerator(null)].map(w => w.location.href + " " + w.document.title);
      throw new Error("no end of waiting for " + what + "; windows: " + windows.join(", "));
    }
  }
}

// A step that ends with a call of its listener; `start` is given one that serves every purpose.
function heard(what, start) {
  return new Promise((done, failed) => {
    const end = status => (status ? failed(new Error(what + ": " + status.toString(16))) : done(listener.key));
    const listener = {
      QueryInterface: ChromeUtils.generateQI(["nsIUrlListener", "nsIMsgCopyServiceListener"]),
      key: 0,
      OnStartRunningUrl() {},
      OnStopRunningUrl(url, status) { end(status); },
      onStartCopy() {},
      onProgress() {},
      setMessageKey(key) { this.key = key; },
      getMessageId() { return null; },
      onStopCopy(status) { end(status); },
    };
    start(listener);
  });
}

function server(name) {
  return MailServices.accounts.allServers.find(s => s.prettyName == name);
}

function folder(name, path = "INBOX") {
  return path.split("/").reduce((f, part) => f && f.subFolders.find(s => s.name.toLowerCase() == part.toLowerCase()), server(name).rootFolder);
}

// Opens a mailbox as a click on it does: SELECT, and what is new in it. Nobody is told of the end when another look is under way, so this
// does not wait for long.
async function open(name, path) {
  const f = await until(() => folder(name, path), "folder " + name + " " + path);
  await Promise.race([heard("open " + f.URI, l => f.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, l)), sleep(3000)]);
  return f;
}

function messages(f) {
  return [...f.messages];
}

// The subject as a person sees it.
function subject(header) {
  return (header.flags & Ci.nsMsgMessageFlags.HasRe ? "Re: " : "") + header.mime2DecodedSubject;
}

// One message by its subject, as soon as it is there. Thunderbird overlooks an EXISTS that comes while it fetches, and sees it at its next
// look; so this looks again from time to time, unless the server has to say it by itself.
async function message(f, words, alone = false) {
  const find = () => messages(f).find(h => subject(h) == words);
  for (let turn = 0; turn < 10 && !alone && f.server.type == "imap"; turn++) {
    for (let i = 0; i < 50; i++, await sleep(20)) {
      if (find()) {
        return find();
      }
    }
    f.updateFolder(null);
  }
  return until(find, words + " in " + f.URI);
}

// The source of a message as Ctrl+U shows it, base64.
function source(f, header) {
  const uri = f.getUriForMsg(header);
  return new Promise((done, failed) => {
    let octets = "";
    MailServices.messageServiceFromURI(uri).streamMessage(uri, {
      QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]),
      onStartRequest() {},
      onDataAvailable(request, stream, offset, count) {
        const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
        input.setInputStream(stream);
        octets += input.readBytes(count);
      },
      onStopRequest(request, status) { status ? failed(new Error("source: " + status.toString(16))) : done(btoa(octets)); },
    }, null, null, false, "", false);
  });
}

function file(path) {
  const f = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
  f.initWithPath(path);
  return f;
}

// A compose window, filled in.
async function compose(name, what) {
  const account = MailServices.accounts.findAccountForServer(server(name));
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  for (const key of ["to", "cc", "bcc", "subject", "body"]) {
    if (what[key]) {
      fields[key] = what[key];
    }
  }
  if (what.attach) {
    const a = Cc["@mozilla.org/messengercompose/attachment;1"].createInstance(Ci.nsIMsgAttachment);
    a.url = Services.io.newFileURI(file(what.attach)).spec;
    a.name = what.name;
    a.contentType = "application/octet-stream";
    fields.addAttachment(a);
  }
  const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
  params.type = what.reply ? Ci.nsIMsgCompType.Reply : Ci.nsIMsgCompType.New;
  params.format = what.html ? Ci.nsIMsgCompFormat.HTML : Ci.nsIMsgCompFormat.PlainText;
  params.identity = account.defaultIdentity;
  if (what.reply) {
    params.originalMsgURI = what.reply;
  }
  params.composeFields = fields;
  const ready = new Promise(done => {
    const opened = w => {
      Services.ww.unregisterNotification(opened);
      w.addEventListener("compose-editor-ready", () => done(w), { once: true });
    };
    Services.ww.registerNotification(opened);
  });
  MailServices.compose.OpenComposeWindowWithParams(null, params);
  return ready;
}

// Presses a button of a compose window and waits until all is done: sent and copied, or kept.
function press(w, command) {
  return new Promise((done, failed) => {
    w.gMsgCompose.addMsgSendListener({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener"]),
      onStartSending() {},
      onProgress() {},
      onStatus() {},
      onGetDraftFolderURI() {},
      onSendNotPerformed() { failed(new Error("not sent")); },
      onTransportSecurityError(id, status, info, place) { failed(new Error("TLS " + status.toString(16) + " " + place)); },
      onStopSending(id, status, text) { if (status) { failed(new Error("not sent: " + status.toString(16) + " " + text)); } },
    });
    w.gMsgCompose.RegisterStateListener({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgComposeStateListener"]),
      NotifyComposeFieldsReady() {},
      NotifyComposeBodyReady() {},
      ComposeProcessDone(status) { status ? failed(new Error("not done: " + status.toString(16))) : done(); },
      SaveInFolderDone() { done(); },
    });
    w.goDoCommand(command);
  });
}

// A search that the server does: subjects of what it found.
function search(f, attribute, words) {
  const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
  session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, f);
  const term = session.createTerm();
  const value = term.value;
  value.attrib = term.attrib = Ci.nsMsgSearchAttrib[attribute];
  value.str = words;
  term.value = value;
  term.op = Ci.nsMsgSearchOp.Contains;
  session.appendTerm(term);
  return new Promise((done, failed) => {
    const hits = [];
    session.registerListener({
      QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
      onNewSearch() {},
      onSearchHit(header) { hits.push(subject(header)); },
      onSearchDone(status) { status ? failed(new Error("search: " + status.toString(16))) : done(hits); },
    });
    session.search(null);
  });
}

// Fetches with POP3 what is new, as the button does.
function fetchNew(name) {
  const s = server(name).QueryInterface(Ci.nsIPop3IncomingServer);
  return heard("get messages of " + name, l => MailServices.pop3.GetNewMail(null, l, folder(name), s));
}

// Shows a message in the main window; what a person then reads in it.
async function show(f, header, words) {
  const pane = (await until(() => Services.wm.getMostRecentWindow("mail:3pane")?.gTabmail?.currentAbout3Pane, "the main window"));
  await until(() => pane.displayFolder, "the folder pane");
  pane.displayFolder(f.URI);
  await until(() => pane.gFolder == f && pane.gDBView && pane.gDBView.findIndexOfMsgHdr(header, true) != 0xffffffff, "the list of messages");
  pane.threadTree.selectedIndex = pane.gDBView.findIndexOfMsgHdr(header, true);
  const text = () => {
    const page = pane.messageBrowser?.contentWindow;
    return page?.gMessage == header && page.getMessagePaneBrowser().contentDocument?.body?.textContent;
  };
  return until(() => text()?.includes(words) && text(), "the text of the message");
}

// Tries to log in as the account wizard does: "", or what it is told instead.
async function tryLogin(s, password) {
  const right = s.password;
  s.password = password || right;
  try {
    await heard("log in", l => s.verifyLogon(l, null));
    return "";
  } catch (e) {
    return e.message;
  } finally {
    s.password = right;
  }
}
