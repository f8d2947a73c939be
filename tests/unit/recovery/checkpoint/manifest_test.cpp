// What a manifest says, and that nothing else is taken for one.
#include "recovery/checkpoint/manifest.h"

#include <gtest/gtest.h>

#include "temporary_directory.h"

namespace redkeep::recovery {
namespace {

Manifest sample() {
  Manifest manifest;
  manifest.written_at = std::chrono::sys_seconds{std::chrono::seconds{1'795'747'395}};
  manifest.position = 42;
  manifest.files = {{"entities.csv", 3, 300, "0123456789abcdef"},
                    {"associations.csv", 0, 37, "fedcba9876543210"}};
  return manifest;
}

std::string with(std::string text, const std::string& old_part, const std::string& new_part) {
  const auto at = text.find(old_part);
  EXPECT_NE(at, std::string::npos) << old_part;
  return text.replace(at, old_part.size(), new_part);
}

// Expects it to be refused, with this in the message.
void expect_refused(const std::string& text, const std::string& reason,
                    ErrorKind kind = ErrorKind::Io) {
  const auto parsed = parse_manifest(text, "there/manifest.json");
  ASSERT_FALSE(parsed.ok()) << text;
  EXPECT_EQ(parsed.error().kind, kind);
  EXPECT_NE(parsed.error().message.find("there/manifest.json: "), std::string::npos);
  EXPECT_NE(parsed.error().message.find(reason), std::string::npos) << parsed.error().message;
}

TEST(Manifest, IsReadBackAsItWasWritten) {
  const auto parsed = parse_manifest(print_manifest(sample()), "manifest.json");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(*parsed, sample());
}

TEST(Manifest, WithoutAJournalHasNoPosition) {
  Manifest manifest = sample();
  manifest.position.reset();
  const std::string text = print_manifest(manifest);
  EXPECT_NE(text.find("\"position\": null"), std::string::npos);
  EXPECT_EQ(*parse_manifest(text, "manifest.json"), manifest);
}

TEST(Manifest, IsForPeopleToReadAndHasALineForEachFile) {
  const std::string expected =
      "{\n"
      "  \"redkeep_checkpoint\": 1,\n"
      "  \"written_at\": \"2026-11-27T02:43:15Z\",\n"
      "  \"position\": 42,\n"
      "  \"files\": [\n"
      "    {\"name\": \"entities.csv\", \"rows\": 3, \"bytes\": 300, "
      "\"checksum\": \"0123456789abcdef\"},\n"
      "    {\"name\": \"associations.csv\", \"rows\": 0, \"bytes\": 37, "
      "\"checksum\": \"fedcba9876543210\"}\n"
      "  ],\n"
      "  \"checksum\": \"";
  EXPECT_EQ(print_manifest(sample()).substr(0, expected.size()), expected);
}

// F41: any bit of it.
TEST(Manifest, OfWhichAnyBitIsAnotherIsRefused) {
  const std::string whole = print_manifest(sample());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      EXPECT_FALSE(parse_manifest(flipped, "manifest.json").ok()) << at << " " << bit;
    }
  }
}

TEST(Manifest, ThatIsCutOrLongerIsRefused) {
  const std::string whole = print_manifest(sample());
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_FALSE(parse_manifest(whole.substr(0, bytes), "manifest.json").ok()) << bytes;
  }
  EXPECT_FALSE(parse_manifest(whole + "\n", "manifest.json").ok());
  EXPECT_FALSE(parse_manifest(whole + whole, "manifest.json").ok());
}

TEST(Manifest, SaysWhatIsWrongAndWhere) {
  const std::string whole = print_manifest(sample());
  expect_refused("", "is no JSON");
  expect_refused("[]", "it is not an object");
  expect_refused("{\"name\": \"My App\", \"icons\": []}", "it has no \"redkeep_checkpoint\"");
  expect_refused(with(whole, "\"rows\": 3", "\"rows\": -3"),
                 "entry 1 of \"files\" \"rows\" is not a whole number from 0");
  expect_refused(with(whole, "\"rows\": 3", "\"rows\": 3.5"), "\"rows\" is not a whole number");
  expect_refused(with(whole, "\"bytes\": 37", "\"bites\": 37"),
                 "entry 2 of \"files\" has no \"bytes\"");
  expect_refused(with(whole, "\"name\": \"associations.csv\"", "\"name\": \"../other.csv\""),
                 "entry 2 of \"files\" has the unexpected name \"../other.csv\"");
  expect_refused(with(whole, "\"position\": 42", "\"position\": \"42\""),
                 "\"position\" is not a whole number");
  expect_refused(with(whole, "fedcba9876543210", "fedcba987654321"), "is not 16 digits");
  expect_refused(with(whole, "\"rows\": 3", "\"rows\": 4"), "line 9 is not as it was written");
  expect_refused(with(whole, "\"position\": 42,", "\"position\": 42, \"position\": 42,"),
                 "line 4 is not as it was written");
  expect_refused(with(whole, "2026-11-27", "2026-02-31"), "line 3 is not as it was written");
}

TEST(Manifest, OfAnyYearIsReadOrRefused) {
  for (const std::int64_t seconds : {-61'318'157'805LL, 0LL, 253'402'300'799LL}) {
    Manifest manifest = sample();
    manifest.written_at = std::chrono::sys_seconds{std::chrono::seconds{seconds}};
    EXPECT_EQ(*parse_manifest(print_manifest(manifest), "manifest.json"), manifest) << seconds;
  }
  expect_refused(with(print_manifest(sample()), "2026-11-27", "26-11-27"), "line 3 is not as");
}

TEST(Manifest, OfAnotherFormatSaysWhoReadsIt) {
  expect_refused(
      with(print_manifest(sample()), "\"redkeep_checkpoint\": 1,", "\"redkeep_checkpoint\": 2,"),
      "has the format 2, and this redkeep reads 1", ErrorKind::InvalidInput);
}

TEST(Manifest, ThatIsNotThereIsNotFound) {
  const TemporaryDirectory directory;
  const auto none = read_manifest(directory.path());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::NotFound);
  EXPECT_NE(none.error().message.find(directory.file("manifest.json")), std::string::npos);
}

TEST(Manifest, OfHugeSizeIsNotReadToItsEnd) {
  const TemporaryDirectory directory;
  directory.write("manifest.json", std::string(std::size_t{8} << 20, ' '));
  EXPECT_FALSE(read_manifest(directory.path()).ok());
}

}  // namespace
}  // namespace redkeep::recovery
