//! Whole files, from bytes to judged rows.

use super::{
    checking::{Checker, RowCounts, Verdict},
    options::ImportOptions,
    refusal::Refusal,
    table::Table,
};
use std::{ops::ControlFlow, path::PathBuf};
use tisara_domain::Region;

fn counts(path: PathBuf) -> Result<RowCounts, Refusal> {
    let table = Table::open(path, &ImportOptions::default(), &[], Region::LK)?;
    let mut checker = Checker::new(table.columns.clone(), Region::LK);
    table.rows(|record, _| {
        checker.check(record);
        ControlFlow::<()>::Continue(())
    })?;
    Ok(checker.counts)
}

fn counts_of(bytes: &[u8]) -> Result<RowCounts, Refusal> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    counts(file.path().to_owned())
}

#[test]
fn the_messy_list_gives_exactly_the_known_counts() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = folder.join("contacts-messy.csv");
    assert!(path.exists(), "the test data is missing: put contacts-messy.csv into {}", folder.display());
    let counts = counts(path).unwrap();
    assert_eq!(
        (counts.rows, counts.unique_valid, counts.duplicate_valid, counts.invalid_phone),
        (3000, 2488, 161, 351)
    );
}

#[test]
fn the_same_list_counts_the_same_in_every_usual_encoding() {
    let text = "Name;Phone\r\nRen\u{e9}e;0771234567\r\nJos\u{e9};+94 77 123 4567\r\nX;12\r\n";
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    for bytes in [text.as_bytes(), &utf16, &latin, format!("\u{FEFF}{text}").as_bytes()] {
        let counts = counts_of(bytes).unwrap();
        assert_eq!(
            (counts.rows, counts.unique_valid, counts.duplicate_valid, counts.invalid_phone),
            (3, 1, 1, 1)
        );
    }
}

#[test]
fn a_bare_list_of_numbers_needs_no_heading() {
    assert_eq!(counts_of(b"0771234567\n0771234568\nnonsense\n").unwrap().unique_valid, 2);
}

#[test]
fn empty_files_are_refused() {
    assert!(matches!(counts_of(b""), Err(Refusal::Empty)));
    assert!(matches!(counts_of(b"\n\n \n,,\n"), Err(Refusal::Empty)));
    assert!(matches!(counts_of(b"Name,Phone\n"), Err(Refusal::OnlyHeading)));
}

#[test]
fn a_list_without_phones_is_refused_with_its_columns() {
    let refusal = counts_of(b"Name,City\nNimal,Kandy\n").unwrap_err();
    assert!(refusal.to_string().contains("Name, City"), "{refusal}");
}

#[test]
fn a_zip_that_is_no_workbook_and_a_damaged_one_are_refused() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("readme.txt", zip::write::SimpleFileOptions::default()).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert!(counts_of(&bytes).unwrap_err().to_string().contains("zip archive"));
    assert!(matches!(counts_of(b"PK\x03\x04 and then nothing"), Err(Refusal::Damaged(_))));
}

#[test]
fn a_workbook_is_read_with_numbers_that_are_no_text() {
    let counts = counts_of(&workbook(&[
        r#"<row r="1"><c r="A1" t="inlineStr"><is><t>Phone</t></is></c><c r="B1" t="inlineStr"><is><t>Name</t></is></c></row>"#,
        r#"<row r="2"><c r="A2"><v>7.71234567E8</v></c><c r="B2" t="inlineStr"><is><t>Nimal</t></is></c></row>"#,
        r#"<row r="4"><c r="B4" t="inlineStr"><is><t>no number</t></is></c></row>"#,
        r#"<row r="5"><c r="A5"><v>94771234567</v></c></row>"#,
    ]))
    .unwrap();
    assert_eq!(
        (counts.rows, counts.unique_valid, counts.duplicate_valid, counts.invalid_phone),
        (3, 1, 1, 1)
    );
}

#[test]
fn rows_of_a_workbook_keep_their_numbers() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let cell = |at: &str, text: &str| format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#);
    let rows = [
        format!(r#"<row r="1">{}</row>"#, cell("A1", "Phone")),
        format!(r#"<row r="9">{}</row>"#, cell("A9", "0771234567")),
    ];
    std::fs::write(file.path(), workbook(&rows.each_ref().map(String::as_str))).unwrap();
    let table = Table::open(file.path().to_owned(), &ImportOptions::default(), &[], Region::LK).unwrap();
    assert_eq!(table.first_rows(5).unwrap()[0].row, 9);
    assert_eq!(table.form(), "XLSX");
}

#[test]
fn what_is_left_out_names_its_row() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "Phone,Email\r\n\r\n0771234567,x\r\n").unwrap();
    let table = Table::open(file.path().to_owned(), &ImportOptions::default(), &[], Region::LK).unwrap();
    let mut checker = Checker::new(table.columns.clone(), Region::LK);
    table
        .rows(|record, _| {
            assert!(matches!(checker.check(record), Verdict::New(_)));
            assert_eq!((record.row, checker.complaints.len()), (3, 1));
            ControlFlow::<()>::Continue(())
        })
        .unwrap();
}

/// The smallest workbook with these rows.
fn workbook(rows: &[&str]) -> Vec<u8> {
    use std::io::Write as _;
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, body) in [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{}</sheetData></worksheet>"#, rows.concat()),
        ),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(body.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
