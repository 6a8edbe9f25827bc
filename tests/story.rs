//! The ten steps from the catalogue to the resident, walked in a real browser.
//!
//! One walk per database and per way of reading: width, language, with and without scripts. Every page that the walk
//! stops at is looked at by axe, for overflow, for errors in the console and for requests that leave the origin;
//! `SANSHE_TEST_PICTURES=FOLDER` keeps a picture of each.

use crate::support::browser::Browser;
use crate::support::tendering::{self, PDF};
use crate::support::{Client, Database, PASSWORD, Portal, link_in};
use sanshe::kernel::credit_code::CreditCode;
use sanshe::kernel::instant;
use sanshe::kernel::roles::{BodyKind, Role};
use std::cell::Cell;
use std::path::PathBuf;

const EXPERTS: usize = 6;
const PRICES: [&str; 3] = ["465000.00", "478800.00", "472000.00"];
const COMMUNITY: &str = "320585100001";

macro_rules! walks {
    ($($name:ident: $database:ident, $width:literal, $language:literal, $scripts:literal;)+) => {
        $(#[test]
        fn $name() {
            walk(Database::$database, $width, $language, $scripts);
        })+
    };
}

walks! {
    wide_chinese_on_sqlite: Sqlite, 1280, "zh-CN", true;
    narrow_english_on_sqlite_without_scripts: Sqlite, 375, "en", false;
    narrow_chinese_on_postgres: Postgres, 375, "zh-CN", true;
    wide_english_on_postgres_without_scripts: Postgres, 1280, "en", false;
}

fn walk(database: Database, width: u32, language: &'static str, scripts: bool) {
    if database == Database::Postgres && std::env::var_os("TEST_DATABASE_URL").is_none() {
        return;
    }
    let Some(browser) = Browser::open(width, language, scripts) else {
        return;
    };
    let portal = Portal::start(database);
    let bureau = portal.body(BodyKind::Bureau, "演示市民政局", Some("320585"));
    let staff = [
        ("officer", vec![Role::Officer]),
        ("officer2", vec![Role::Officer]),
        ("reviewer", vec![Role::Reviewer]),
        ("signatory", vec![Role::Signatory]),
    ];
    for (name, roles) in staff {
        let person = portal.person(name);
        portal.grant(person, bureau, &roles);
    }
    let platform = portal.body(BodyKind::Platform, "演示平台运行中心", None);
    for n in 1..=EXPERTS {
        let expert = portal.person(&format!("expert{n}"));
        portal.grant(expert, platform, &[Role::Expert]);
    }
    let walk = Walk {
        pictures: std::env::var_os("SANSHE_TEST_PICTURES").map(PathBuf::from),
        name: format!("{database:?}-{width}-{language}"),
        taken: Cell::new(0),
        browser,
        portal,
        language,
        scripts,
    };
    walk.a_catalogue_is_imported_and_published();
    let provider = walk.a_provider_enters_the_directory();
    let project = walk.a_project_is_published();
    walk.a_question_is_answered(&project);
    let others = walk.bids_are_sent(&project);
    walk.bids_are_opened(&project);
    walk.the_panel_scores(&project);
    walk.the_award_is_announced(&project, &others);
    let contract = walk.the_contract_is_signed(&project);
    walk.a_running_contract_is_entered();
    walk.a_resident_finds_it(&project, &contract, &provider);
    assert_eq!(
        walk.browser.foreign_requests(&walk.portal.origin),
        Vec::<String>::new()
    );
}

struct Walk {
    browser: Browser,
    portal: Portal,
    language: &'static str,
    scripts: bool,
    pictures: Option<PathBuf>,
    name: String,
    taken: Cell<u32>,
}

impl Walk {
    // ---- what the walk does over and over --------------------------------------------------------

    fn go(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.portal.origin));
    }

    /// The path of the page, without the origin.
    fn path(&self) -> String {
        self.browser
            .url()
            .strip_prefix(&self.portal.origin)
            .unwrap()
            .to_owned()
    }

    /// Signs in through the page; `name` is one of the test's people, or a whole address.
    fn be(&self, name: &str) {
        self.browser.forget_cookies();
        self.go("/sign-in");
        let email = if name.contains('@') {
            name.to_owned()
        } else {
            format!("{name}@test.invalid")
        };
        self.browser.fill("email", &email);
        self.browser.fill("password", PASSWORD);
        self.press("/sign-in");
        assert_eq!(self.path(), "/work");
    }

    /// Sends the form whose action ends so.
    fn press(&self, action: &str) {
        self.browser.submit(&format!(
            "main form[action$='{action}'] button:not([name]), main form[action*='{action}?'] button"
        ));
    }

    /// Types the same password again where the portal asks for it.
    fn step_up(&self) {
        if self
            .browser
            .has("main form[action$='/sign-in'] input[name='verify']")
        {
            self.browser.fill("password", PASSWORD);
            self.press("/sign-in");
        }
    }

    fn fill_all(&self, fields: &[(&str, &str)]) {
        for (name, text) in fields {
            self.browser.fill(name, text);
        }
    }

    fn upload(&self, name: &str, file: &str, bytes: &[u8]) {
        let path = self.portal.data_folder().join(file);
        std::fs::write(&path, bytes).unwrap();
        self.browser.attach(name, &path);
    }

    #[track_caller]
    fn see(&self, text: &str) {
        let shown = self.browser.text();
        assert!(
            shown.contains(text),
            "“{text}” is not on {}:\n{shown}",
            self.path()
        );
    }

    /// Looks at the page as it stands. `statuses` are those that this page may answer with beside 200.
    #[track_caller]
    fn look(&self, what: &str, statuses: &[u16]) {
        let browser = &self.browser;
        let place = format!("{} ({what})", self.path());
        if let Some(folder) = &self.pictures {
            self.taken.set(self.taken.get() + 1);
            let name = format!("{}-{:02}-{what}.png", self.name, self.taken.get());
            browser.screenshot(&folder.join(name));
        }
        let html = browser.html();
        assert!(
            html.contains(&format!("lang=\"{}\"", self.language)),
            "{place} speaks another language"
        );
        assert!(html.contains("content=\"noindex\""), "{place} is indexed");
        assert!(!browser.overflows(), "{place} is wider than the window");
        if self.scripts {
            assert_eq!(browser.axe(), Vec::<String>::new(), "{place}");
        }
        assert_eq!(
            browser.console_errors(statuses),
            Vec::<String>::new(),
            "{place}"
        );
    }

    // ---- 1 ---------------------------------------------------------------------------------------

    fn a_catalogue_is_imported_and_published(&self) {
        self.go("/catalogue");
        self.see("A0402");
        self.look("catalogue", &[]);
        self.be("officer");
        self.look("work", &[]);
        self.go("/catalogue/import");
        self.fill_all(&[("year", "2027"), ("title", "政府购买服务指导性目录")]);
        let good = "code,name,level,parent_code,verified\nA,公共服务,1,,true\nA04,社会保障服务,2,A,true\nA0402,基本养老服务,3,A04,true\n";
        self.upload(
            "file",
            "catalogue.csv",
            format!("{good}A0403,孤儿,9,A04,true\n").as_bytes(),
        );
        self.press("/catalogue/import");
        assert_eq!(self.browser.texts("main table.list tbody tr").len(), 1);
        self.look("catalogue-refused", &[422]);
        self.upload("file", "catalogue.csv", good.as_bytes());
        self.press("/catalogue/import");
        assert!(
            self.path().starts_with("/catalogue/drafts/"),
            "{}",
            self.path()
        );
        self.look("catalogue-draft", &[]);
        self.press("/publish");
        self.step_up();
        self.go("/catalogue?year=2027");
        self.see("A0402");
    }

    // ---- 2 ---------------------------------------------------------------------------------------

    fn a_provider_enters_the_directory(&self) -> String {
        let browser = &self.browser;
        browser.forget_cookies();
        self.go("/sign-up");
        self.look("sign-up", &[]);
        self.fill_all(&[
            ("name", "许晨"),
            ("email", "chenxi@test.invalid"),
            ("password", PASSWORD),
        ]);
        self.press("/sign-up");
        self.look("sign-up-sent", &[]);
        let mail = self.portal.mails().pop().unwrap();
        self.go(&link_in(&mail, &self.portal.origin));
        self.press("/confirm");
        self.go("/organizations/register");
        browser.choose("kind", "social_service");
        let code = CreditCode::make("52", "320585", "MJ565118").unwrap();
        self.fill_all(&[
            ("name", "晨曦社会工作服务中心"),
            ("credit_code", "52320585MJ5651186G"),
            ("legal_head", "许晨"),
            ("address", "城厢镇示范路1号"),
            ("phone", "0512-53520001"),
            ("summary", "为老年人提供居家养老服务。"),
        ]);
        self.open_all_details();
        browser.choose("scope", "A0402");
        browser.choose("areas", "320585100");
        self.press("/organizations/register");
        assert!(browser.has("#credit_code-error"));
        self.look("register-refused", &[422]);
        browser.fill("credit_code", code.as_str());
        self.press("/organizations/register");
        let own = self.path();
        self.look("registration", &[]);
        self.upload("certificate", "法人登记证书.pdf", PDF);
        self.press("/certificate");
        let id = own.split('/').nth(2).unwrap().to_owned();

        self.be("reviewer");
        self.go("/organizations/checks");
        self.look("checks", &[]);
        browser.click_text("晨曦社会工作服务中心");
        self.look("check", &[]);
        browser.submit("button[value='prove']");

        self.be("chenxi@test.invalid");
        let apply = format!("/organizations/{id}/qualification");
        self.go(&apply);
        self.look("qualification", &[]);
        self.apply();
        self.be("reviewer");
        self.go("/organizations/applications");
        browser.click_text("晨曦社会工作服务中心");
        self.look("application", &[]);
        browser.fill("reason", "请补充近三年的服务业绩。");
        browser.submit("button[value='return']");
        self.be("chenxi@test.invalid");
        self.go(&apply);
        self.see("请补充近三年的服务业绩。");
        self.look("qualification-returned", &[]);
        self.apply();
        self.be("reviewer");
        self.go("/organizations/applications");
        browser.click_text("晨曦社会工作服务中心");
        browser.submit("button[value='accept']");

        browser.forget_cookies();
        for filter in [
            "kind=social_service",
            "town=320585100",
            "code=A0402",
            "q=%E6%99%A8%E6%9B%A6",
        ] {
            self.go(&format!("/organizations?{filter}"));
            self.see("晨曦社会工作服务中心");
        }
        self.look("directory", &[]);
        self.go("/organizations?q=%E6%B2%A1%E6%9C%89");
        assert!(!browser.text().contains("晨曦社会工作服务中心"));
        format!("/organizations/{id}")
    }

    fn apply(&self) {
        self.browser.fill(
            "statement",
            "有专职社工 6 名，近三年承接居家养老项目 4 个。",
        );
        for declaration in self.values_of("declarations") {
            self.browser.choose("declarations", &declaration);
        }
        self.browser.submit("button[value='submit']");
    }

    fn values_of(&self, name: &str) -> Vec<String> {
        let found = self.browser.script(&format!(
            "return [...document.querySelectorAll(\"input[name='{name}']\")].map((one) => one.value)"
        ));
        serde_json::from_value(found).unwrap()
    }

    fn open_all_details(&self) {
        self.browser.script(
            "document.querySelectorAll('main details').forEach((one) => { one.open = true; })",
        );
    }

    // ---- 3 ---------------------------------------------------------------------------------------

    fn a_project_is_published(&self) -> String {
        let browser = &self.browser;
        self.be("officer");
        self.go("/projects/new");
        browser.choose("catalogue_code", "A0402");
        self.fill_all(&[
            ("title", "居家养老巡访与精神关爱服务"),
            ("requirement", "每周上门巡访不少于一次，每月两次小组活动。"),
            ("budget", "0"),
            ("term_from", "2026-06-01"),
            ("term_to", "2027-05-31"),
            ("phone", "0512-53520000"),
        ]);
        self.open_all_details();
        browser.choose("communities", COMMUNITY);
        browser.choose("communities", "320585100002");
        browser.choose("secured", "yes");
        let questions = browser.script(
            "return [...new Set([...document.querySelectorAll(\"main input[type=radio][value='no']\")].map((one) => one.name))]",
        );
        let questions: Vec<String> = serde_json::from_value(questions).unwrap();
        assert_eq!(questions.len(), 6);
        for question in &questions {
            browser.choose(question, "no");
        }
        self.press("/projects/new");
        assert!(browser.has("#budget-error"));
        self.look("project-refused", &[422]);
        browser.fill("budget", "480000");
        self.press("/projects/new");
        let plan = self.path();
        assert!(plan.ends_with("/plan"), "{plan}");
        let project = plan.strip_suffix("/plan").unwrap().to_owned();
        browser.choose("method", "open_tender");
        self.fill_all(&[
            ("name_1", "服务方案"),
            ("measure_1", "目标、流程、频次齐全 40 分；缺一项扣 10 分"),
            ("weight_1", "60"),
            ("name_2", "人员配备"),
            ("measure_2", "持证社工每名 10 分，最多 30 分"),
            ("weight_2", "30"),
            ("price_weight", "10"),
        ]);
        let lawful = browser.script("return document.querySelector(\"[name='closes_at']\").value");
        let lawful = lawful.as_str().unwrap().to_owned();
        browser.fill("closes_at", "2026-03-10T17:00");
        self.press("/plan");
        assert!(browser.has("#closes_at-error"));
        assert!(browser.text().contains('§'), "no article");
        self.look("plan-refused", &[422]);
        browser.fill("closes_at", &lawful);
        self.press("/plan");
        assert!(self.path().ends_with("/publish"), "{}", self.path());
        self.look("publish", &[]);
        self.press("/publish");
        self.step_up();
        self.go(&format!("{project}/manage"));
        self.look("manage", &[]);

        browser.forget_cookies();
        self.portal.run_jobs();
        self.go("/projects");
        browser.click_text("居家养老巡访与精神关爱服务");
        assert_eq!(self.path(), project);
        self.look("project", &[]);
        self.go("/search?q=%E5%85%BB%E8%80%81");
        self.see("居家养老巡访与精神关爱服务");
        let feed = self.portal.anonymous().get("/notices.atom");
        feed.expect(200).see("居家养老巡访与精神关爱服务");
        project
    }

    // ---- 4 ---------------------------------------------------------------------------------------

    fn a_question_is_answered(&self, project: &str) {
        let browser = &self.browser;
        self.be("chenxi@test.invalid");
        self.go(project);
        browser.fill("question", "巡访可否由志愿者与社工结对进行？");
        self.press("/ask");
        self.be("officer");
        self.go(&format!("{project}/questions"));
        self.see("志愿者与社工结对");
        assert!(!browser.html().contains("许晨") && !browser.html().contains("晨曦"));
        self.look("questions", &[]);
        browser.click("main .qa a");
        browser.fill("answer", "可以，但每组至少有一名持证社工。");
        self.look("answer", &[]);
        browser.submit("main form[action*='/questions/'] button");
        browser.forget_cookies();
        self.go(project);
        self.see("每组至少有一名持证社工");
        assert!(!browser.html().contains("晨曦"));
    }

    // ---- 5 ---------------------------------------------------------------------------------------

    /// The browser's provider bids, replaces and keeps its receipt; two more bid without a browser.
    fn bids_are_sent(&self, project: &str) -> Vec<Client> {
        let browser = &self.browser;
        self.be("chenxi@test.invalid");
        self.go(project);
        browser.click("main .key a.govuk-button");
        assert_eq!(self.path(), format!("{project}/bid"));
        self.look("bid-empty", &[]);
        self.write_bid("500000");
        assert!(
            browser.has("main .panel.warn"),
            "over the budget, and not warned"
        );
        self.look("bid-over-budget", &[]);
        self.write_bid(PRICES[0]);
        self.see("肆拾陆万伍仟元整");
        self.see("96.8");
        self.upload("files", "服务方案.pdf", PDF);
        self.press("/bid/files");
        self.see("服务方案.pdf");
        self.look("bid", &[]);
        browser.click("main a[href$='/own-copy']");
        self.press("/bid/submit");
        self.look("receipt", &[]);
        self.go(&format!("{project}/bid"));
        assert!(
            !browser.text().contains("465,000"),
            "the bid is readable after it was sent"
        );
        self.look("bid-sent", &[]);
        self.press("/bid/replace");
        self.write_bid(PRICES[0]);
        self.press("/bid/submit");
        browser.click("main .actions a[download]");
        let mail = self.portal.mails().pop().unwrap();
        let receipt = link_in(&mail, &self.portal.origin);
        self.go(&receipt);
        self.look("receipt-by-mail", &[]);

        let others = PRICES
            .iter()
            .zip(["yinghuo", "linsheng"].iter().cycle())
            .skip(1);
        others
            .map(|(price, name)| self.another_bid(project, name, price))
            .collect()
    }

    fn write_bid(&self, price: &str) {
        self.fill_all(&[
            ("price", price),
            ("label-1", "人员费用"),
            ("amount-1", price),
            ("proposal", "每周巡访，建立台账，季度评估。"),
        ]);
        self.press("/bid/draft");
    }

    fn another_bid(&self, project: &str, name: &str, price: &str) -> Client {
        let client = tendering::bidder(&self.portal, name);
        let page = format!("{project}/bid");
        let fields = [
            ("price", price),
            ("label-1", "全部服务"),
            ("amount-1", price),
            ("proposal", "按采购需求提供服务。"),
        ];
        client
            .submit(&page, &format!("{page}/draft"), &fields)
            .expect(303);
        client
            .submit(&page, &format!("{page}/submit"), &[])
            .expect(303);
        client
    }

    // ---- 6 ---------------------------------------------------------------------------------------

    fn bids_are_opened(&self, project: &str) {
        let browser = &self.browser;
        // The banner's third button walks to the next instant at which something falls due.
        while self.is_open(project) {
            browser.submit("button[name='move'][value='next']");
            self.portal.run_jobs();
        }
        self.go(project);
        self.look("project-closed", &[]);
        for (officer, picture) in [("officer", "opening"), ("officer2", "opening-second")] {
            self.be(officer);
            self.go(&format!("{project}/opening"));
            self.look(picture, &[]);
            self.press("/opening");
            self.step_up();
        }
        browser.forget_cookies();
        self.go(&format!("{project}/opening"));
        for price in ["465,000.00", "478,800.00", "472,000.00"] {
            self.see(price);
        }
        self.look("opening-record", &[]);
    }

    fn is_open(&self, project: &str) -> bool {
        self.portal
            .anonymous()
            .get(project)
            .has("main .key time.countdown")
    }

    // ---- 7 ---------------------------------------------------------------------------------------

    fn the_panel_scores(&self, project: &str) {
        let browser = &self.browser;
        self.be("officer");
        self.go(&format!("{project}/panel"));
        browser.fill("size", "5");
        self.look("panel", &[]);
        self.press("/panel");
        let mut scored = 0;
        for n in 1..=EXPERTS {
            let name = format!("expert{n}");
            let client = self.portal.signed_in(&name);
            let list = client.get("/panel");
            if !list.has("main table.list a") {
                continue;
            }
            scored += 1;
            if scored == 1 {
                self.score_in_the_browser(&name);
            } else {
                score(&client);
            }
        }
        assert_eq!(scored, 5);
        self.portal.run_jobs();
        self.be("officer");
        self.go(&format!("{project}/evaluation"));
        assert_eq!(browser.texts("main section.panel h2").len(), 3);
        self.look("ranking", &[]);
    }

    fn score_in_the_browser(&self, name: &str) {
        let browser = &self.browser;
        self.be(name);
        self.look("work-expert", &[]);
        self.go("/panel");
        browser.click("main table.list a");
        let sheet = self.path();
        self.look("declare", &[]);
        browser.choose("no_conflict", "yes");
        self.press("/declare");
        self.look("sheet", &[]);
        let bids = browser.script(
            "return [...document.querySelectorAll('main table.list a')].map((one) => one.getAttribute('href'))",
        );
        let bids: Vec<String> = serde_json::from_value(bids).unwrap();
        assert_eq!(bids.len(), 3);
        for bid in &bids {
            self.go(bid);
            self.fill_all(&[
                ("points_1", "50"),
                ("points_2", "25"),
                ("note_1", "方案完整"),
            ]);
            if bid == &bids[0] {
                self.look("sheet-bid", &[]);
            }
            browser.submit("main form[action*='/bids/'] button");
        }
        self.go(&sheet);
        self.press("/submit");
    }

    // ---- 8 ---------------------------------------------------------------------------------------

    fn the_award_is_announced(&self, project: &str, others: &[Client]) {
        let browser = &self.browser;
        self.go(&format!("{project}/award"));
        self.look("award", &[]);
        let first = self.values_of("bid").remove(0);
        browser.choose("bid", &first);
        self.press("/award");
        self.step_up();
        self.portal.run_jobs();
        browser.forget_cookies();
        self.go(&format!("{project}/result"));
        self.see("晨曦社会工作服务中心");
        self.look("result", &[]);
        for (loser, rank) in others.iter().zip(["3", "2"]) {
            let own = loser.get(&format!("{project}/result"));
            own.expect(200).see(&format!("第 {rank} 名"));
            let inbox = loser.get("/inbox");
            inbox.expect(200).see("居家养老巡访与精神关爱服务");
        }
        self.be("chenxi@test.invalid");
        self.go("/inbox");
        self.look("inbox", &[]);
    }

    // ---- 9 ---------------------------------------------------------------------------------------

    fn the_contract_is_signed(&self, project: &str) -> String {
        let browser = &self.browser;
        self.be("officer");
        self.go(&format!("{project}/result"));
        self.press("/contract");
        self.step_up();
        let edit = self.path();
        let contract = edit.trim_end_matches("/edit").to_owned();
        self.go(&format!("{contract}/edit"));
        assert!(!browser.has("main [name='amount'], main [name='term_to']"));
        self.fill_all(&[
            ("payment", "分四期按季度支付。"),
            ("duties", "乙方按月报送服务台账。"),
            ("phone", "0512-53520000"),
        ]);
        browser.choose("secrets", "payment");
        browser.fill("secret_reason", "付款安排涉及乙方商业秘密。");
        self.look("contract-edit", &[]);
        self.press("/edit");
        self.look("contract-draft", &[]);
        self.press("/offer");
        self.step_up();
        self.be("signatory");
        self.go(&format!("{contract}/sign"));
        self.look("contract-sign", &[]);
        self.upload("scan", "盖章合同.pdf", PDF);
        self.press("/sign");
        self.step_up();
        if self.path().ends_with("/sign") && browser.has("input[name='scan']") {
            self.upload("scan", "盖章合同.pdf", PDF);
            self.press("/sign");
        }
        self.be("chenxi@test.invalid");
        self.go(&format!("{contract}/sign"));
        browser.fill("password", PASSWORD);
        self.press("/sign-by-password");
        self.step_up();
        self.portal.run_jobs();
        browser.forget_cookies();
        self.go(&contract);
        self.see("465,000.00");
        assert!(
            !browser.html().contains("分四期按季度支付"),
            "a secret is shown"
        );
        self.look("contract", &[]);
        contract
    }

    fn a_running_contract_is_entered(&self) {
        self.be("officer");
        self.go("/contracts/import");
        self.look("contracts-import", &[]);
        let code = CreditCode::make("52", "320585", "MJ000077").unwrap();
        let rows = format!(
            "title,catalogue_code,provider_credit_code,provider_name,amount_yuan,term_from,term_to,communities,phone,scope\n残疾人日间照料,A0402,{code},和风助残服务社,36000.00,2025-09-01,2026-08-31,{COMMUNITY},0512-53520005,每周五天日间照料\n",
            code = code.as_str()
        );
        self.upload("file", "contracts.csv", rows.as_bytes());
        self.press("/contracts/import");
        self.portal.run_jobs();
        self.go("/contracts");
        self.see("残疾人日间照料");
        self.look("contracts", &[]);
    }

    // ---- 10 --------------------------------------------------------------------------------------

    fn a_resident_finds_it(&self, project: &str, contract: &str, provider: &str) {
        let browser = &self.browser;
        // The service begins in June.
        let june = instant::from_shanghai_local("2026-06-02T09:00").unwrap();
        self.portal.move_clock_to(june);
        browser.forget_cookies();
        self.go("/");
        self.look("home", &[]);
        browser.click("header nav a[href='/communities']");
        self.look("communities", &[]);
        self.open_all_details();
        browser.click(&format!("a[href='/communities/{COMMUNITY}']"));
        self.press("/communities/remember");
        self.go("/");
        // One tap.
        browser.click("header nav a[href='/communities']");
        assert_eq!(self.path(), format!("/communities/{COMMUNITY}"));
        for text in [
            "晨曦社会工作服务中心",
            "残疾人日间照料",
            "0512-53520000",
            "465,000.00",
        ] {
            self.see(text);
        }
        assert!(browser.has("main a[href^='tel:']"));
        self.look("community", &[]);
        browser.click(&format!("main a[href='{contract}']"));
        self.look("contract-resident", &[]);
        browser.click(&format!("main a[href='{provider}']"));
        self.see("居家养老巡访与精神关爱服务");
        self.look("organization", &[]);
        self.go(contract);
        browser.click("main a[href='/catalogue/2027/A0402']");
        assert!(browser.has("main a[href^='/projects?'], main a[href^='/organizations?']"));
        self.look("catalogue-item", &[]);
        self.go("/");
        browser.fill("q", "养老");
        browser.submit("main form[action='/search']");
        for path in ["/catalogue/2027/A0402", provider, project, contract] {
            assert!(
                browser.has(&format!("main a[href='{path}']")),
                "养老 does not find {path}"
            );
        }
        self.look("search", &[]);
    }
}

/// A panel member's whole work, without a browser: declares, scores every bid, hands the sheet in.
fn score(member: &Client) {
    let list = member.get("/panel");
    let sheet = link(&list, "main table.list a").remove(0);
    member
        .submit(
            &sheet,
            &format!("{sheet}/declare"),
            &[("no_conflict", "yes")],
        )
        .expect(303);
    let bids = link(&member.get(&sheet), "main table.list a");
    for (bid, points) in bids.iter().zip(["48", "40", "44"]) {
        let fields = [
            ("points_1", points),
            ("points_2", "20"),
            ("note_1", "方案可行"),
        ];
        member.submit(bid, bid, &fields).expect(303);
    }
    member
        .submit(&sheet, &format!("{sheet}/submit"), &[])
        .expect(303);
}

fn link(page: &crate::support::Reply, css: &str) -> Vec<String> {
    let selector = scraper::Selector::parse(css).unwrap();
    page.html()
        .select(&selector)
        .filter_map(|a| a.value().attr("href"))
        .map(str::to_owned)
        .collect()
}
