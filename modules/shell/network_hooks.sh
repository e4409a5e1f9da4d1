#!/bin/sh
# Detection module: scripts that run as root when the network comes up, goes down or gets another address (T1546).
#
# It lists the files of the folders below: those of ifupdown, NetworkManager, networkd-dispatcher, the DHCP clients and
# pppd. What is in them the core measures. It also shows how a module is written with nothing but what a shell has
# built in, since the walls let it start no program: no cat, no ls, no pipe and no $(…).
#
# What a shell does less well than the SDK or assay_module.py: a name with other characters than `hook` knows is a gap
# and not an entry, and so is a folder that is reached through a link when the root is not /: a shell would follow it
# out of the root.

FOLDERS='/etc/network/if-pre-up.d /etc/network/if-up.d /etc/network/if-down.d /etc/network/if-post-down.d
/etc/NetworkManager/dispatcher.d /etc/NetworkManager/dispatcher.d/pre-up.d /etc/NetworkManager/dispatcher.d/pre-down.d
/usr/lib/NetworkManager/dispatcher.d /etc/networkd-dispatcher/routable.d /etc/networkd-dispatcher/configured.d
/etc/networkd-dispatcher/off.d /etc/dhcp/dhclient-enter-hooks.d /etc/dhcp/dhclient-exit-hooks.d
/lib/dhcpcd/dhcpcd-hooks /etc/ppp/ip-up.d /etc/ppp/ip-down.d /etc/ppp/ipv6-up.d'

entries=0

say() { printf '%s\n' "$1"; }

gap() { say "{\"record\":\"gap\",\"path\":\"$1\",\"reason\":\"$2\",\"text\":\"$3\"}"; }

hello() {
    watch=
    for folder in $FOLDERS; do
        watch="$watch${watch:+,}\"$folder/*\""
    done
    kind='{"name":"network_hook","summary":"a script that runs as root when the network changes","technique":"T1546"'
    field='{"name":"folder","type":"text","meaning":"where it lies, which says when it runs","compared":false}'
    about='"name":"network_hooks","version":"1.0.0","summary":"scripts that run when the network changes"'
    about="$about,\"platforms\":[\"linux\"],\"kinds\":[$kind,\"severity\":\"high\",\"fields\":[$field]}]"
    say "{\"record\":\"hello\",\"v\":1,\"manifest\":{$about,\"watch\":[$watch]}}"
}

# Whether a folder is there and can be listed; why not, is a gap.
is_readable() {
    here=${root%/}
    before=$IFS
    IFS=/
    for part in ${1#/}; do
        IFS=$before
        here=$here/$part
        if [ -L "$here" ] && [ "$root" != / ]; then
            gap "$1" io 'a link is on the way, which may lead out of the root'
            return 1
        elif [ ! -e "$here" ]; then
            return 1
        elif [ ! -d "$here" ]; then
            gap "$1" unparsable 'it is not a folder, or is not in one'
            return 1
        elif [ ! -x "$here" ]; then
            gap "$1" permission 'it may not be entered'
            return 1
        fi
    done
    [ -r "$here" ] && return 0
    gap "$1" permission 'it may not be read'
    return 1
}

# One file; folders in folders are no hooks, and a pattern that matches nothing stays as it is.
hook() {
    [ -e "$3" ] || [ -L "$3" ] || return 0
    [ ! -d "$3" ] || return 0
    case $2 in
        *[!A-Za-z0-9._+@%,:=~-]*) gap "$1" unparsable 'a name in it is not one that this module can write' ;;
        *)
            entries=$((entries + 1))
            path="\"$1/$2\""
            fields="{\"folder\":\"$1\"}"
            say "{\"record\":\"entry\",\"kind\":\"network_hook\",\"key\":$path,\"source\":$path,\"programs\":[$path],\"fields\":$fields}"
            ;;
    esac
}

list() {
    is_readable "$1" || return 0
    for file in "$here"/* "$here"/.[!.]* "$here"/..?*; do
        hook "$1" "${file##*/}" "$file"
    done
}

IFS= read -r request
IFS=' 
'
root=${request#*'"root":"'}
root=${root%%'"'*}
case $root in
    /*\\* | [!/]*)
        say '{"record":"log","level":"error","text":"the root folder has a name that this module cannot read"}'
        exit 1
        ;;
esac
hello
case $request in
    *'"op":"collect"'*'"os":"linux"'*)
        for folder in $FOLDERS; do
            list "$folder"
        done
        ;;
esac
say "{\"record\":\"done\",\"entries\":$entries}"
