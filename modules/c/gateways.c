/* Detection module: gateways and name servers in the files that set up the network, and the commands that these files
 * run.
 *
 * Who turns the gateway or the name servers elsewhere reads and changes what the machine sends (T1557); a command
 * behind `up` in /etc/network/interfaces, or `script` of a DHCP client, runs as root whenever the network comes up
 * (T1546). Resolvers themselves (resolv.conf, resolved) are in the watch list name_resolution.
 *
 * Not seen: files that a `source` line of interfaces names (the line itself is listed), NetworkManager's and
 * networkd's own files, and what DHCP answers.
 *
 * Formats: interfaces(5), dhcpcd.conf(5), dhclient.conf(5), resolvconf.conf(5), and sysconfig.txt of initscripts. */
#include "assay_helpers.h"

enum { LIMIT = 1 << 20 };

static const char MANIFEST[] =
    "{\"name\":\"gateways\",\"version\":\"1.0.0\",\"summary\":\"gateways, name servers and commands of the network's set-up\","
    "\"platforms\":[\"linux\"],\"kinds\":["
    "{\"name\":\"network_setting\",\"summary\":\"a line that sets a gateway, a route or a name server\","
    "\"technique\":\"T1557\",\"severity\":\"medium\",\"fields\":["
    "{\"name\":\"section\",\"type\":\"text\",\"meaning\":\"the line that it stands below\",\"compared\":true},"
    "{\"name\":\"setting\",\"type\":\"text\",\"meaning\":\"the line\",\"compared\":true}]},"
    "{\"name\":\"network_command\",\"summary\":\"a line that runs a command as root when the network changes\","
    "\"technique\":\"T1546\",\"severity\":\"high\",\"fields\":["
    "{\"name\":\"section\",\"type\":\"text\",\"meaning\":\"the line that it stands below\",\"compared\":true},"
    "{\"name\":\"setting\",\"type\":\"text\",\"meaning\":\"the line\",\"compared\":true}]}],"
    "\"watch\":[\"/etc/network/interfaces\",\"/etc/dhcpcd.conf\",\"/etc/dhcp/dhclient.conf\",\"/etc/dhclient.conf\","
    "\"/etc/resolvconf.conf\",\"/etc/sysconfig/network\"]}";

/* A file, and the words that its lines of each sort begin with; each word ends where one of `ends` stands. */
typedef struct {
    const char *path, *ends;
    const char *const *sections, *const *settings, *const *commands;
} format;

static const char *const NONE[] = {NULL};

static const format FORMATS[] = {
    {"/etc/network/interfaces", " \t", (const char *const[]){"iface", "mapping", "auto", NULL},
     (const char *const[]){"gateway", "dns-nameservers", "dns-nameserver", "dns-search", "dns-domain", "source",
                           "source-directory", NULL},
     (const char *const[]){"pre-up", "up", "post-up", "pre-down", "down", "post-down", "script", NULL}},
    {"/etc/dhcpcd.conf", " \t=", (const char *const[]){"interface", "ssid", "profile", NULL},
     (const char *const[]){"static", "nohook", "fallback", NULL}, (const char *const[]){"script", NULL}},
    {"/etc/dhcp/dhclient.conf", " \t", (const char *const[]){"interface", NULL},
     (const char *const[]){"supersede", "prepend", "append", "default", "reject", NULL},
     (const char *const[]){"script", NULL}},
    {"/etc/dhclient.conf", " \t", (const char *const[]){"interface", NULL},
     (const char *const[]){"supersede", "prepend", "append", "default", "reject", NULL},
     (const char *const[]){"script", NULL}},
    {"/etc/resolvconf.conf", "=", NONE, (const char *const[]){"name_servers", "search_domains", "resolv_conf", NULL},
     (const char *const[]){"libc_service", "libc_restart", "pdnsd_restart", "unbound_restart", NULL}},
    {"/etc/sysconfig/network", "=", NONE, (const char *const[]){"GATEWAY", "GATEWAYDEV", "IPV6_DEFAULTGW", NULL}, NONE},
};

/* Whether a line begins with one of the words; where its value begins, in `value`. */
static bool begins(assay_bytes line, const char *const *words, const char *ends, size_t *value) {
    for (; *words != NULL; words++) {
        size_t len = strlen(*words);
        if (line.len > len && memcmp(line.ptr, *words, len) == 0 && strchr(ends, line.ptr[len]) != NULL &&
            line.ptr[len] != '\0') {
            *value = len;
            while (*value < line.len && memchr(" \t=\"'", line.ptr[*value], 5) != NULL) {
                (*value)++;
            }
            return true;
        }
    }
    return false;
}

/* The command's own file, when its line names it by its path. */
static assay_bytes program(assay_bytes line, size_t value) {
    size_t end = value;
    while (end < line.len && memchr(" \t;\"'&|<>", line.ptr[end], 9) == NULL) {
        end++;
    }
    bool is_path = end > value && line.ptr[value] == '/';
    return (assay_bytes){line.ptr + value, is_path ? end - value : 0};
}

/* Lines in the order of the file, without the blanks around them. The one after `at`; its end is moved on. */
static assay_bytes next_line(const char **at, const char *end) {
    const char *start = *at, *newline = (const char *)memchr(start, '\n', (size_t)(end - start));
    const char *stop = newline != NULL ? newline : end;
    *at = newline != NULL ? newline + 1 : end;
    while (start < stop && (*start == ' ' || *start == '\t' || *start == '\r')) {
        start++;
    }
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r')) {
        stop--;
    }
    return (assay_bytes){(const uint8_t *)start, (size_t)(stop - start)};
}

/* One line that is listed. */
typedef struct {
    assay_bytes section, line;
    bool is_command;
    size_t value;
} found;

static int compare(const void *one, const void *other) {
    const found *a = (const found *)one, *b = (const found *)other;
    int order = assay_compare(&a->section, &b->section);
    return order != 0 ? order : assay_compare(&a->line, &b->line);
}

/* The lines of a file that its format knows. */
static assay_buffer lines_of(const assay_host *host, const format *format, const assay_buffer *content) {
    assay_buffer all = {0};
    assay_bytes section = {(const uint8_t *)"", 0};
    for (const char *at = content->ptr, *end = at + content->len; at < end;) {
        assay_bytes line = next_line(&at, end);
        found one = {section, line, false, 0};
        if (line.len == 0 || line.ptr[0] == '#') {
            continue;
        }
        if (line.len > ASSAY_MAX_LINE) {
            assay_gap(host, format->path, "too_big", "a line is longer than the module reads");
        } else if (begins(line, format->sections, format->ends, &one.value)) {
            section = line;
        } else if ((one.is_command = begins(line, format->commands, format->ends, &one.value)) ||
                   begins(line, format->settings, format->ends, &one.value)) {
            assay_add_bytes(&all, &one, sizeof one);
        }
    }
    return all;
}

static void add_member(assay_buffer *record, const char *name, assay_bytes text) {
    assay_add(record, name);
    assay_add_text(record, text);
}

/* The key is the file with the section and the line: an edit of one shows as a change of that one. */
static assay_status list(const assay_host *host, const char *path, const found *one) {
    assay_buffer record = {0}, key = {0};
    assay_add(&key, path);
    assay_add(&key, ": ");
    assay_add_bytes(&key, one->section.ptr, one->section.len);
    assay_add(&key, one->section.len > 0 ? ": " : "");
    assay_add_bytes(&key, one->line.ptr, one->line.len);

    assay_add(&record, "{\"record\":\"entry\",\"kind\":");
    assay_add(&record, one->is_command ? "\"network_command\"" : "\"network_setting\"");
    add_member(&record, ",\"source\":", ASSAY_BYTES(path));
    add_member(&record, ",\"key\":", (assay_bytes){(const uint8_t *)key.ptr, key.len});
    add_member(&record, ",\"fields\":{\"setting\":", one->line);
    if (one->section.len > 0) {
        add_member(&record, ",\"section\":", one->section);
    }
    assay_bytes file = program(one->line, one->value);
    if (one->is_command && file.len > 0) {
        add_member(&record, "},\"programs\":[", file);
        assay_add(&record, "]}");
    } else {
        assay_add(&record, "}}");
    }
    assay_status status = assay_emit(host, &record);
    free(key.ptr);
    free(record.ptr);
    return status;
}

static assay_status list_file(const assay_host *host, assay_bytes request, const format *format) {
    assay_buffer content = {0};
    if (!assay_read(host, request, format->path, LIMIT, &content) || content.len == 0) {
        return ASSAY_OK; /* nothing there, or a gap was sent */
    }
    assay_buffer lines = lines_of(host, format, &content);
    const found *all = (const found *)(const void *)lines.ptr;
    size_t count = lines.len / sizeof *all;
    if (count > 0) {
        qsort(lines.ptr, count, sizeof *all, compare);
    }
    for (size_t i = 0; i < count; i++) {
        /* A line that comes twice below one section is one entry. */
        if (i == 0 || compare(&all[i - 1], &all[i]) != 0) {
            assay_status status = list(host, format->path, &all[i]);
            if (status != ASSAY_OK) {
                return status;
            }
        }
    }
    return ASSAY_OK;
}

static bool is_linux(assay_bytes request) {
    static const char MEMBER[] = "\"os\":\"linux\"";
    for (size_t i = 0; i + sizeof MEMBER - 1 <= request.len; i++) {
        if (memcmp(request.ptr + i, MEMBER, sizeof MEMBER - 1) == 0) {
            return true;
        }
    }
    return false;
}

static assay_status collect(const assay_host *host, assay_bytes request) {
    assay_status status = ASSAY_OK;
    for (size_t i = 0; is_linux(request) && status == ASSAY_OK && i < sizeof FORMATS / sizeof *FORMATS; i++) {
        status = list_file(host, request, &FORMATS[i]);
    }
    return status;
}

const assay_module *assay_module_entry(uint16_t host_major) {
    static assay_module module = {sizeof module, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, {NULL, 0}, collect};
    module.manifest = ASSAY_BYTES(MANIFEST);
    return host_major == ASSAY_ABI_MAJOR ? &module : NULL;
}
