#include "error/error.h"

#include <gtest/gtest.h>

namespace redkeep {
namespace {

TEST(Printable, EscapesWhatSteersTerminalsAndLogs) {
  EXPECT_EQ(printable("a\x1b[31mb\n"), "a\\x1b[31mb\\x0a");
  EXPECT_EQ(printable("\"\\"), "\\x22\\x5c");
  EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");  // CSI as one C1 character
}

TEST(Printable, KeepsGoodUtf8AndEscapesTheRest) {
  EXPECT_EQ(printable("größe 日本"), "größe 日本");
  EXPECT_EQ(printable("\xFF\xC0\xAF"), "\\xff\\xc0\\xaf");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // a surrogate
}

// A name must not look like another one, nor change what stands beside it.
TEST(Printable, EscapesWhatCannotBeSeenOrTurnsTheDirection) {
  EXPECT_EQ(printable("user\u202e:1"), "user\\xe2\\x80\\xae:1");
  for (const char* character :
       {"\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\u2028", "\u2029", "\u202a",
        "\u202d", "\u2060", "\u2066", "\u2069", "\ufeff", "\u00ad", "\U000E0041"}) {
    EXPECT_TRUE(printable(character).starts_with("\\x")) << printable(character);
  }
  EXPECT_EQ(printable("\u200a\u2030\u2070\u0627"), "\u200a\u2030\u2070\u0627") << "beside them";
}

TEST(Printable, CutsWhatIsTooLong) { EXPECT_EQ(printable("abcdef", 3), "abc..."); }

TEST(Error, WithinPutsTheDoingInFront) {
  const Error error = within("loading", make_error(ErrorKind::Io, "cannot read {}", "x.csv"));
  EXPECT_EQ(error.message, "loading: cannot read x.csv");
  EXPECT_EQ(error.kind, ErrorKind::Io);
}

}  // namespace
}  // namespace redkeep
