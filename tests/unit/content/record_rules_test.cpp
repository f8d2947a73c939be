#include "content/record_rules.h"

#include <gtest/gtest.h>

#include <vector>

namespace redkeep::content {
namespace {

constexpr std::string_view kId = "3ca9f1d2-0b4e-4c7a-9a55-0123456789ab";
constexpr std::string_view kOther = "00000000-0000-4000-8000-000000000002";

EntityView entity() { return {kId, "page", "", "{}", "", "", ""}; }
AssociationView association() { return {kId, kOther, "/a", "contains", "0"}; }

template <class Record>
std::string fault_of(const Record& record) {
  const auto fault = find_fault(record);
  return fault ? std::string(fault->field) + " " + fault->reason : std::string();
}

TEST(RecordRules, KnowUuidsInLowerCaseOnly) {
  EXPECT_TRUE(is_uuid(kId));
  EXPECT_TRUE(is_uuid("00000000-0000-0000-0000-000000000000"));
  for (const std::string bad :
       {"", "3CA9F1D2-0b4e-4c7a-9a55-0123456789ab", "3ca9f1d20b4e4c7a9a550123456789ab",
        "{3ca9f1d2-0b4e-4c7a-9a55-0123456789ab}", "3ca9f1d2-0b4e-4c7a-9a55-0123456789a",
        "3ca9f1d2-0b4e-4c7a-9a55-0123456789abc", "3ca9f1d2-0b4e-4c7a-9a55-0123456789ag",
        "3ca9f1d2a0b4e-4c7a-9a55-0123456789ab", "3ca9f1d2-0b4e-4c7a-9a5-50123456789ab",
        "3ca9f1d2-0b4e-4c7a-9a55-0123456789a\n", "urn:uuid:3ca9f1d2-0b4e-4c7a-9a55-012345"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
  }
}

TEST(RecordRules, KnowNamesOfTypes) {
  for (const char* good : {"a", "page", "see_also", "x-1", "a--_"}) {
    EXPECT_TRUE(is_type_name(good)) << good;
  }
  EXPECT_TRUE(is_type_name(std::string(64, 'a')));
  EXPECT_FALSE(is_type_name(std::string(65, 'a')));
  for (const char* bad : {"", "Page", "1a", "_a", "-a", "a b", "a:b", "a.b", "é", "a\n"}) {
    EXPECT_FALSE(is_type_name(bad)) << bad;
  }
}

TEST(RecordRules, KnowSemanticNames) {
  for (const std::string good : {"$a", "$hut.menu-1_b", "$.", "$-", "$0"}) {
    EXPECT_TRUE(is_semantic_name(good)) << good;
  }
  EXPECT_TRUE(is_semantic_name("$" + std::string(128, 'x')));
  EXPECT_FALSE(is_semantic_name("$" + std::string(129, 'x')));
  for (const std::string bad :
       {"", "$", "hut", "$Hut", "$a b", "$a:b", "$a$", "$é", " $a", "$a\n"}) {
    EXPECT_FALSE(is_semantic_name(bad)) << bad;
  }
}

TEST(RecordRules, FindNoFaultInGoodRecords) {
  EXPECT_EQ(fault_of(entity()), "");
  EXPECT_EQ(fault_of(EntityView{kId, "page", "$hut", "{\"a\":[1,null]}", "eva", "2026-01-01", "x"}),
            "");
  EXPECT_EQ(fault_of(association()), "");
  EXPECT_EQ(fault_of(AssociationView{kId, kOther, "any:text {} *", "see_also", "-1"}), "");
}

TEST(RecordRules, NameTheFieldOfAnEntityThatIsWrong) {
  auto bad = entity();
  bad.id = "x\n";
  EXPECT_EQ(fault_of(bad), "id \"x\\x0a\" is not a UUID in lower case");
  bad = entity();
  bad.type = "";
  EXPECT_EQ(fault_of(bad), "type \"\" is not of the form [a-z][a-z0-9_-]*");
  bad = entity();
  bad.semantic_name = "hut";
  EXPECT_EQ(fault_of(bad), "semantic_name \"hut\" is not $ and 1 to 128 of [a-z0-9_.-]");
  bad = entity();
  bad.data = "";
  EXPECT_EQ(fault_of(bad).substr(0, 29), "data is not a JSON object: in");
  bad = entity();
  bad.created_by = "a\tb";
  EXPECT_EQ(fault_of(bad),
            "created_by \"a\\x09b\" is longer than 256 bytes or has control characters");
  const std::string long_text(257, 'x');
  for (const auto field :
       {&EntityView::created_by, &EntityView::created_at, &EntityView::updated_at}) {
    bad = entity();
    bad.*field = long_text;
    EXPECT_NE(fault_of(bad), "");
    bad.*field = std::string_view(long_text).substr(1);
    EXPECT_EQ(fault_of(bad), "");
  }
}

TEST(RecordRules, NameTheFieldOfAnAssociationThatIsWrong) {
  auto bad = association();
  bad.parent_id = "x";
  EXPECT_EQ(fault_of(bad), "parent_id \"x\" is not a UUID in lower case");
  bad = association();
  bad.child_id = "x";
  EXPECT_EQ(fault_of(bad), "child_id \"x\" is not a UUID in lower case");
  bad = association();
  bad.child_id = kId;
  EXPECT_EQ(fault_of(bad), "child_id \"" + std::string(kId) + "\" is the parent itself");
  bad = association();
  bad.type = "Contains";
  EXPECT_EQ(fault_of(bad), "type \"Contains\" is not of the form [a-z][a-z0-9_-]*");
}

TEST(RecordRules, BoundPathsAndRefuseTheirControlCharacters) {
  const std::string long_path(513, 'x');
  auto record = association();
  record.path = std::string_view(long_path).substr(1);
  EXPECT_EQ(fault_of(record), "");
  for (const std::string_view path : {std::string_view(""), std::string_view(long_path),
                                      std::string_view("a\nb"), std::string_view("a\x7F")}) {
    record.path = path;
    EXPECT_NE(fault_of(record).find("must have 1 to 512 bytes and no control characters"),
              std::string::npos)
        << path;
  }
}

TEST(RecordRules, TakeWeightsOf32Bits) {
  auto record = association();
  for (const std::string_view weight : {"0", "1", "-1", "2147483647", "-2147483648"}) {
    record.weight = weight;
    EXPECT_EQ(fault_of(record), "") << weight;
  }
  for (const std::string_view weight :
       {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "2147483648", "-2147483649",
        "99999999999999999999", "x", "1\n"}) {
    record.weight = weight;
    EXPECT_NE(fault_of(record).find("is not a whole number of 32 bits"), std::string::npos)
        << weight;
  }
}

std::string encoded(char32_t c) {
  std::string out;
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
  }
  for (int shift = c < 0x80 ? 0 : c < 0x800 ? 6 : c < 0x10000 ? 12 : 18; shift > 0;) {
    shift -= 6;
    out += static_cast<char>(0x80 | ((c >> shift) & 0x3F));
  }
  return out;
}

TEST(Utf8, HasEveryCharacterAndNoSurrogate) {
  EXPECT_FALSE(is_utf8(std::string_view("\0", 1))) << "NUL";
  for (char32_t c = 1; c < 0x110000; ++c) {
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    ASSERT_EQ(is_utf8(encoded(c)), !surrogate) << static_cast<unsigned>(c);
  }
  EXPECT_FALSE(is_utf8(encoded(0x110000)));
  EXPECT_FALSE(is_utf8(encoded(0x1FFFFF)));
}

// All sequences of two bytes, and all that begin as one of three or four with a first continuation
// byte: what is well-formed is what a character is encoded as, in its shortest form.
TEST(Utf8, HasNoOverlongAndNoBrokenForms) {
  std::vector<bool> pairs(0x10000);
  std::vector<bool> starts(0x10000);
  for (char32_t c = 1; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string bytes = encoded(c);
    if (bytes.size() < 2) continue;
    const auto place = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                       static_cast<unsigned char>(bytes[1]);
    (bytes.size() == 2 ? pairs : starts)[place] = true;
  }
  for (std::size_t place = 0; place < 0x10000; ++place) {
    const std::string two{static_cast<char>(place >> 8), static_cast<char>(place & 0xFF)};
    const bool ascii = (place & 0x8080) == 0 && (place >> 8) != 0 && (place & 0xFF) != 0;
    ASSERT_EQ(is_utf8(two), pairs[place] || ascii) << place;
    const bool four = place >= 0xF000;
    if (place < 0xC000) continue;
    ASSERT_EQ(is_utf8(two + (four ? "\x80\x80" : "\x80")), starts[place]) << place;
    ASSERT_FALSE(is_utf8(two + "\xC0")) << place;
  }
}

TEST(Utf8, FindsTheFirstBadByteAnywhere) {
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char bad : {'\0', '\xFF', '\x80', '\xC3'}) {
        std::string text(size, 'x');
        text[at] = bad;
        ASSERT_EQ(utf8_bytes(text), at) << size;
      }
      std::string text(size, 'x');
      ASSERT_EQ(utf8_bytes(text.insert(at, "é€😀")), size + 9);
    }
  }
  EXPECT_EQ(utf8_bytes(""), 0U);
  EXPECT_EQ(utf8_bytes("héhé\xE2\x82"), 6U) << "a character that is cut short";
}

}  // namespace
}  // namespace redkeep::content
