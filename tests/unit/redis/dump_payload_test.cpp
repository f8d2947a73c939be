// The vectors are what DUMP of a redis-server 7.0.15 answered (rdbcompression no, and
// hash-max-listpack-value above every length here).
#include "redis/dump_payload.h"

#include <gtest/gtest.h>

#include <vector>

namespace redkeep::redis {
namespace {

using Texts = std::vector<std::string_view>;

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (const char c : bytes) {
    shown += kDigits[static_cast<unsigned char>(c) >> 4];
    shown += kDigits[static_cast<unsigned char>(c) & 0xF];
  }
  return shown;
}

std::string hash_of(const Texts& names_and_values) {
  DumpPayload payload;
  return hex(payload.hash(names_and_values));
}

std::string set_of(const Texts& members) {
  DumpPayload payload;
  return hex(payload.set(members));
}

// A value of one byte, repeated: the vector is what stands before it and behind it.
struct LongValue {
  std::size_t bytes;
  std::string_view before;
  std::string_view behind;
};

// Without printing megabytes where it fails.
void expect_around(std::string_view payload, const LongValue& vector) {
  const std::size_t before = vector.before.size() / 2;
  ASSERT_EQ(payload.size(), before + vector.bytes + vector.behind.size() / 2) << vector.bytes;
  EXPECT_EQ(hex(payload.substr(0, before)), vector.before) << vector.bytes;
  EXPECT_TRUE(payload.substr(before, vector.bytes) == std::string(vector.bytes, 'x'));
  EXPECT_EQ(hex(payload.substr(before + vector.bytes)), vector.behind) << vector.bytes;
}

TEST(Crc64, HasTheCheckValueOfRedis) {
  EXPECT_EQ(crc64("123456789"), 0xe9c6d914c4b8d9caULL);
  EXPECT_EQ(crc64(""), 0U);
}

TEST(Crc64, IsTheSameInOnePieceAndInTwo) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += static_cast<char>(i * 37);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    ASSERT_EQ(crc64(text.substr(cut), crc64(text.substr(0, cut))), crc64(text)) << cut;
  }
}

TEST(DumpPayload, WritesHashesAsTheServerDoes) {
  EXPECT_EQ(
      hash_of({"type", "page", "data", R"({"title":"Hut"})"}),
      "102a2a00000004008474797065058470616765058464617461058f7b227469746c65223a22487574227d10ff"
      "0a00f1604754fa0c0f7a");
  EXPECT_EQ(hash_of({"semantic_name", ""}),
            "10181800000002008d73656d616e7469635f6e616d650e8001ff0a001686e85f58651951");
  EXPECT_EQ(
      hash_of({"title", "Höhle", "n", "a\r\n\"b\""}),
      "1021210000000400857469746c65068648c3b6686c6507816e0286610d0a22622207ff0a0030d70197077f06"
      "81");
}

TEST(DumpPayload, WritesSetsAsTheServerDoes) {
  EXPECT_EQ(set_of({"alpha"}), "020105616c7068610a00cd054d495fe3f945");
  EXPECT_EQ(set_of({"two", "three", "one"}),
            "02030374776f057468726565036f6e650a006493f57fd0e0eab8");
  EXPECT_EQ(set_of({"", "Größe", "a"}), "020300074772c3b6c39f6501610a00321f30fea61bc9b7");
}

TEST(DumpPayload, WritesEveryLengthOfAHashValueAsTheServerDoes) {
  // Around each border of the three forms of a string's length and of the length behind it.
  const std::vector<LongValue> vectors{
      {57, "104045450000000200816402b9", "3aff0a00959585153a09e778"},
      {58, "104046460000000200816402ba", "3bff0a00c9377be975ff04ee"},
      {63, "10404b4b0000000200816402bf", "40ff0a00066ed6d7c835afd9"},
      {64, "10404d4d0000000200816402e040", "42ff0a00902af3e9cc3cac6f"},
      {125, "10408a8a0000000200816402e07d", "7fff0a00b36691c3ae5aa7fd"},
      {126, "10408c8c0000000200816402e07e", "0180ff0a00c74bbadf7c3a255f"},
      {4095, "10500d0d1000000200816402efff", "2081ff0a00b638655bd2914306"},
      {4096, "105011111000000200816402f000100000", "2085ff0a004c059da59975351c"},
      {16377, "10800000400a0a4000000200816402f0f93f0000", "7ffeff0a00add9c5d3386d8ce2"},
      {16378, "10800000400c0c4000000200816402f0fa3f0000", "00ffffff0a00493ee3e3a31a635c"},
      {16379, "10800000400d0d4000000200816402f0fb3f0000", "018080ff0a00d021c8b60f27759e"},
      {2097145, "10800020000b0b0020000200816402f0f9ff1f00", "7ffffeff0a004b68184bab32a470"},
      {2097146, "10800020000d0d0020000200816402f0faff1f00", "00ffffffff0a00f29bec882494eb08"},
      {2097147, "10800020000e0e0020000200816402f0fbff1f00", "01808080ff0a00dcdd556c991d3d45"},
  };
  DumpPayload payload;
  for (const auto& vector : vectors) {
    const std::string value(vector.bytes, 'x');
    expect_around(payload.hash(Texts{"d", value}), vector);
  }
}

TEST(DumpPayload, WritesEveryLengthOfAMemberAsTheServerDoes) {
  const std::vector<LongValue> vectors{
      {63, "02013f", "0a004b54646685ede1e3"},
      {64, "02014040", "0a006544af1374eae976"},
      {16383, "02017fff", "0a0067d3e8de2743d11c"},
      {16384, "02018000004000", "0a00fa4567717a70dbb9"},
  };
  DumpPayload payload;
  for (const auto& vector : vectors) {
    const std::string member(vector.bytes, 'x');
    expect_around(payload.set(Texts{member}), vector);
  }
}

TEST(DumpPayload, CountsMembersInTwoBytesFrom64On) {
  const std::vector<std::string> members{
      "m39", "m62", "m51", "m45", "m21", "m27", "m36", "m09", "m37", "m32", "m00", "m34",
      "m52", "m48", "m43", "m20", "m04", "m22", "m24", "m08", "m42", "m55", "m46", "m25",
      "m57", "m47", "m23", "m59", "m54", "m31", "m60", "m38", "m18", "m12", "m06", "m11",
      "m49", "m07", "m44", "m63", "m19", "m61", "m28", "m56", "m26", "m50", "m10", "m41",
      "m02", "m53", "m40", "m01", "m16", "m29", "m13", "m35", "m17", "m30", "m03", "m68",
      "m64", "m65", "m67", "m69", "m33", "m15", "m05", "m14", "m58", "m66"};
  std::string body;
  for (const auto& member : members) body += "03" + hex(member);
  EXPECT_EQ(set_of(Texts(members.begin(), members.end())),
            "024046" + body + "0a0085daa358b4ee42ac");
}

TEST(DumpPayload, ForgetsTheValueBefore) {
  DumpPayload payload;
  const std::string first(payload.set(Texts{"alpha"}));
  payload.hash(Texts{"name", "a much longer value than the one before"});
  EXPECT_EQ(payload.set(Texts{"alpha"}), first);
}

}  // namespace
}  // namespace redkeep::redis
