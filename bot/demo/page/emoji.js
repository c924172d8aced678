import { h } from "./dom.js";

// The shortcodes a workplace message is likely to hold; what is not here stays as it was typed.
const WORDS = `
white_check_mark ✅|heavy_check_mark ✔️|ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|warning ⚠️|rotating_light 🚨
no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|exclamation ❗|heavy_exclamation_mark ❗|question ❓|grey_question ❔|grey_exclamation ❕
red_circle 🔴|large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_purple_circle 🟣
large_brown_circle 🟤|white_circle ⚪|black_circle ⚫|large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨
large_green_square 🟩|large_blue_square 🟦|large_purple_square 🟪|black_large_square ⬛|white_large_square ⬜|small_red_triangle 🔺
small_red_triangle_down 🔻|small_blue_diamond 🔹|small_orange_diamond 🔸|arrow_up ⬆️|arrow_down ⬇️|arrow_right ➡️|arrow_left ⬅️
arrow_upper_right ↗️|arrow_lower_right ↘️|arrows_counterclockwise 🔄|repeat 🔁|hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰
stopwatch ⏱️|clock1 🕐|clock3 🕒|clock9 🕘|calendar 📆|date 📅|spiral_calendar_pad 🗓️|clipboard 📋|memo 📝|pencil ✏️|pencil2 ✏️
bar_chart 📊|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|mag 🔍|mag_right 🔎|bell 🔔|no_bell 🔕|mute 🔇|speaker 🔈|mega 📣
loudspeaker 📢|eyes 👀|wave 👋|tada 🎉|dart 🎯|trophy 🏆|medal 🏅|star ⭐|sparkles ✨|fire 🔥|rocket 🚀|bulb 💡|gear ⚙️|wrench 🔧
hammer_and_wrench 🛠️|lock 🔒|unlock 🔓|key 🔑|link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|inbox_tray 📥|outbox_tray 📤|package 📦
robot_face 🤖|speech_balloon 💬|thought_balloon 💭|busts_in_silhouette 👥|bust_in_silhouette 👤|office 🏢|department_store 🏬
convenience_store 🏪|thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|clap 👏|raised_hands 🙌|pray 🙏|muscle 💪|point_right 👉|point_up ☝️|point_down 👇
smile 😄|slightly_smiling_face 🙂|grinning 😀|thinking_face 🤔|sweat_smile 😅|cry 😢|information_source ℹ️|new 🆕|ok 🆗|sos 🆘|soon 🔜
zap ⚡|snowflake ❄️|sunny ☀️|broom 🧹|wastebasket 🗑️|floppy_disk 💾|page_facing_up 📄|books 📚|mortar_board 🎓|construction 🚧
hatching_chick 🐣|coffee ☕|hand ✋|raised_hand ✋|ok_hand 👌|handshake 🤝|seedling 🌱|mailbox_with_mail 📬|email 📧|envelope ✉️
telephone_receiver 📞|iphone 📱|computer 💻|electric_plug 🔌|skull 💀|ghost 👻|turtle 🐢|heart ❤️|green_heart 💚|blue_heart 💙
white_small_square ▫️|black_small_square ▪️|heavy_minus_sign ➖|heavy_plus_sign ➕|pause_button ⏸️|arrow_forward ▶️|leftwards_arrow_with_hook ↩️`;

const SIGNS = new Map(WORDS.trim().split(/[|\n]/).map((pair) => pair.split(" ")));

export const emoji = (name) => SIGNS.get(name.replace(/::skin-tone-\d$/, ""));

// The pictures that results begin with, drawn by messages.css: Slack sends its own too, and a machine need not have a font
// with them. The sign itself stays in the text, transparent, so that it can be copied and read aloud.
const DRAWN = { "⚪": "white circle", "🟡": "yellow circle", "🔵": "blue circle", "🔴": "red circle", "✅": "check mark", "🛑": "stop sign", "⛔": "no entry", "❔": "question mark" };
const ANY_DRAWN = new RegExp(`(${Object.keys(DRAWN).join("|")})`, "u");

export const withPictures = (text) => text.split(ANY_DRAWN).filter(Boolean).map((part) =>
  DRAWN[part] ? h("span", { class: `drawn ${DRAWN[part].replace(" ", "-")}`, role: "img", "aria-label": DRAWN[part] }, part) : part);
